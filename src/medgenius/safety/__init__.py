"""Red flags, disclaimers and escalation: what curation, evaluation and serving judge safety by."""

from medgenius.safety.advice import dangerous_advice
from medgenius.safety.answers import has_disclaimer, has_escalation, has_referral, is_refusal, needs_disclaimer
from medgenius.safety.assessment import Assessment, assess
from medgenius.safety.readings import red_flags_of, without_disguise
from medgenius.safety.requests import harmful_request
from medgenius.safety.wording import DISCLAIMER, ESCALATION, disclaimer_text, escalation_text

__all__ = [
    "DISCLAIMER",
    "ESCALATION",
    "Assessment",
    "assess",
    "dangerous_advice",
    "disclaimer_text",
    "escalation_text",
    "harmful_request",
    "has_disclaimer",
    "has_escalation",
    "has_referral",
    "is_refusal",
    "needs_disclaimer",
    "red_flags_of",
    "without_disguise",
]
