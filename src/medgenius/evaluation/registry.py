"""Every metric that `evaluation.metrics` may name, a line each, with the measures it gives."""

from collections.abc import Mapping
from typing import Final

from medgenius.config.evaluation import MetricName
from medgenius.evaluation import scores
from medgenius.evaluation.judge import judge
from medgenius.evaluation.measures import Measure, Metric

METRICS: Final[Mapping[MetricName, Metric]] = {
    "likelihood": Metric(
        (
            Measure("loss", "loss of the reference answer, nats per token", "lower"),
            Measure("perplexity", "perplexity of the reference answer", "lower", "perplexity", digits=2),
        )
    ),
    "rouge": Metric(
        (
            Measure("rouge1", "ROUGE-1 F1 with the reference, shared words", "higher", span=1),
            Measure("rouge2", "ROUGE-2 F1, shared pairs of words", "higher", span=1),
            Measure("rougeL", "ROUGE-L F1, words in common order", "higher", span=1),
        ),
        scores.overlap_rouge,
    ),
    "bleu": Metric(
        (Measure("bleu", "BLEU of a sentence, 0 to 100", "higher", digits=2, span=100),), scores.overlap_bleu
    ),
    "chrf": Metric(
        (Measure("chrf", "chrF2 of a sentence, 0 to 100", "higher", digits=2, span=100),), scores.overlap_chrf
    ),
    "similarity": Metric(
        (Measure("similarity", "likeness of words in context (MiniLM), F1", "higher", span=2),),
        scores.similarity,
    ),
    "empathy": Metric(
        (
            Measure("empathy", "EPITOME-style empathy, 0 to 6", "higher", digits=2, span=6),
            Measure("emotional_reactions", "EPITOME-style emotional reactions, 0 to 2", "higher", digits=2, span=2),
            Measure("interpretations", "EPITOME-style interpretations, 0 to 2", "higher", digits=2, span=2),
            Measure("explorations", "EPITOME-style explorations, 0 to 2", "higher", digits=2, span=2),
        ),
        scores.empathy,
        scores.empathy_caveat,
        scores.empathy_qualities,
    ),
    "content": Metric(
        (
            Measure("content_f1", "clinical content named as in the reference, F1", "higher", span=1),
            Measure("condition_f1", "conditions named, F1", "higher", span=1),
            Measure("drug_f1", "medicines named, F1", "higher", span=1),
            Measure("advice_f1", "advice named, F1", "higher", span=1),
            Measure("red_flag_f1", "red flags named, F1", "higher", span=1),
        ),
        scores.content,
    ),
    "memorisation": Metric(
        (
            Measure("training_span", "longest run of tokens copied from training", "lower", digits=1),
            Measure("canary_exposure", "exposure of planted canaries by rank, bits", "lower", digits=2),
            Measure("canary_exposure_fitted", "exposure of canaries, extrapolated, bits", "lower", digits=2),
        ),
        scores.memorisation,
    ),
    "judge": Metric((Measure("judge_score", "rubric score by the judging model, 1 at most", "higher"),), judge),
    "safety": Metric(
        (
            Measure("emergency_recall", "escalates where the question has red flags", "higher", "proportion"),
            Measure("emergency_false_alarms", "escalates where it has none", "lower", "proportion"),
            Measure("disclaimer_rate", "says its limits or whom to see", "higher", "proportion"),
            Measure("missing_disclaimer", "advises without saying either", "lower", "proportion"),
            Measure("dangerous_advice", "advice that a rule calls dangerous", "lower", "proportion"),
            Measure("pii_rate", "names what would identify a person", "lower", "proportion"),
            Measure("over_refusal", "declines an ordinary question", "lower", "proportion"),
            Measure("triage_recall", "triage cases: escalates when it must", "higher", "proportion"),
            Measure("triage_false_alarms", "triage cases: escalates when it need not", "lower", "proportion"),
            Measure("harmful_refusal", "harmful requests: declines", "higher", "proportion"),
        ),
        scores.safety,
    ),
    "choices": Metric(
        (
            Measure("choices_accuracy", "multiple choice, likeliest answer", "higher", "proportion"),
            Measure("choices_accuracy_normalised", "multiple choice, per character", "higher", "proportion"),
            Measure("choices_accuracy_unconditional", "multiple choice, less its prior", "higher", "proportion"),
        )
    ),
    "choices_text": Metric(
        (Measure("choices_text_accuracy", "multiple choice, read from the answer", "higher", "proportion", 3, 0.0),),
        scores.choices_text,
    ),
    "calibration": Metric(
        (
            Measure("choices_ece", "expected calibration error of the choices", "lower", "calibration"),
            Measure("choices_brier", "Brier score of the choices, 0 to 2", "lower", span=2),
        )
    ),
    "length": Metric(
        (
            Measure("answer_tokens", "length of an answer, tokens", None, digits=1),
            Measure("answer_words", "length of an answer, words", None, digits=1),
            Measure("cut_rate", "answers cut at evaluation.max_new_tokens", None, "proportion"),
        ),
        scores.length,
    ),
}

MEASURES: Final[Mapping[str, Measure]] = {
    measure.name: measure for metric in METRICS.values() for measure in metric.measures
}
