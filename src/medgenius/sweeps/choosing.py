"""Optuna's samplers and pruners as the config names them, and a trial's values asked of them."""

import hashlib

from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.pruners import BasePruner, HyperbandPruner, MedianPruner, NopPruner, SuccessiveHalvingPruner, WilcoxonPruner
from optuna.samplers import BaseSampler, CmaEsSampler, GPSampler, RandomSampler, TPESampler
from optuna.trial import Trial

from medgenius.config.sweeper import SweeperConfig
from medgenius.sweeps.space import Choice, Parameter, Space, Value


def sampler_for(config: SweeperConfig, space: Space, number: int) -> BaseSampler:
    """A sampler for one trial. It draws from the seed and the trial's number, so that a process that comes later, or
    again, draws on instead of drawing the same."""
    digest = hashlib.sha256(f"{config.seed} {number}".encode()).digest()
    seed = int.from_bytes(digest[:4], "little")
    conditional = any(parameter.when for parameter in space.parameters)
    match config.sampler:
        case "tpe":
            return TPESampler(n_startup_trials=config.startup_trials, seed=seed, multivariate=True, group=conditional)
        case "gp":
            return GPSampler(n_startup_trials=config.startup_trials, seed=seed)
        case "cmaes":
            return CmaEsSampler(n_startup_trials=config.startup_trials, seed=seed, warn_independent_sampling=False)
        case "random" | "grid":  # the points of a grid wait in the study
            return RandomSampler(seed=seed)


def pruner_of(config: SweeperConfig) -> BasePruner:
    """Steps are validations, counted from 1. That the first ones prune nothing is the watcher's matter."""
    match config.pruner:
        case "median":
            return MedianPruner(config.prune_after_trials)
        case "halving":
            return SuccessiveHalvingPruner(min_resource=max(1, config.prune_after_validations))
        case "hyperband":
            return HyperbandPruner(min_resource=max(1, config.prune_after_validations))
        case "wilcoxon":
            return WilcoxonPruner()
        case "none":
            return NopPruner()


def distribution_of(parameter: Parameter) -> BaseDistribution:
    values = parameter.values
    if isinstance(values, Choice):
        return CategoricalDistribution(tuple(values.texts))
    if values.whole:
        return IntDistribution(int(values.low), int(values.high), log=values.log, step=int(values.step or 1))
    return FloatDistribution(values.low, values.high, log=values.log, step=values.step)


def ask_values(trial: Trial, space: Space) -> dict[str, Value]:
    """A value for each key whose condition holds; those that the trial has already stay."""
    chosen: dict[str, Value] = {}
    for parameter in space.parameters:
        if parameter.is_active(chosen):
            chosen[parameter.key] = _value(trial, parameter)
    return chosen


def _value(trial: Trial, parameter: Parameter) -> Value:
    match distribution_of(parameter):
        case CategoricalDistribution() as choice:
            value: Value = trial.suggest_categorical(parameter.key, choice.choices)
            return value
        case IntDistribution() as whole:
            return trial.suggest_int(parameter.key, whole.low, whole.high, step=whole.step, log=whole.log)
        case FloatDistribution() as real:
            return trial.suggest_float(parameter.key, real.low, real.high, step=real.step, log=real.log)
    raise AssertionError(parameter)
