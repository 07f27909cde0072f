"""Red flags, disclaimers and escalation: what curation, evaluation and serving judge safety by."""

from medgenius.safety.assessment import Assessment, assess

__all__ = ["Assessment", "assess"]
