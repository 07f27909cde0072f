"""What is found out about a merged model; light, since a folder that is there already is read without any model."""

from dataclasses import dataclass

from medgenius.config.publish import Limits


@dataclass(frozen=True, slots=True)
class Fidelity:
    kl: float
    """Nats, mean over positions of KL(adapter on its base || merged)."""
    agreement: float
    """Share of positions in which both find the same token most probable."""
    positions: int
    """Where a target follows."""
    dialogues: int

    def is_within(self, limits: Limits) -> bool:
        return self.kl <= limits.max_kl and self.agreement >= limits.min_agreement

    def problem(self, limits: Limits) -> str | None:
        """Why the merged model is not the evaluated one, or None."""
        if self.is_within(limits):
            return None
        return (
            f"the merged model is not the one that was evaluated: mean KL {self.kl:.4f} nats (at most "
            f"{limits.max_kl:g}), the same most probable token in {self.agreement:.1%} of {self.positions:,} positions "
            f"(at least {limits.min_agreement:.1%})"
        )


@dataclass(frozen=True, slots=True)
class Verified:
    items: int
    agreement: float
    """Share of the run's own answer tokens that the reloaded model finds most probable at the same place."""
    equal_answers: int
    """Items whose whole greedy answer, up to 32 tokens, is the run's."""
