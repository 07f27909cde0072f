"""The sentences that are put before or after an answer, in each language that has them."""

from typing import NamedTuple


class Wording(NamedTuple):
    """What safety adds to an answer in one language."""

    escalation: str
    """Put first where the question is an emergency."""
    disclaimer: str
    """Put last where the answer is advice and says nothing of its limits."""
    refusal: str
    """In the place of an answer to a request for harm."""
    correction: str
    """Behind advice that is dangerous, or in its place."""


WORDINGS: dict[str, Wording] = {
    "en": Wording(
        "This may be an emergency: please call your local emergency number now (999, 112 or 911), "
        "or go to the nearest emergency department.",
        "This is general information and does not replace the advice of a doctor who can examine you.",
        "I can't help with that: it could harm someone or break the trust that patients place in their care.",
        "Please do not act on the last piece of advice: it may be unsafe. Ask a doctor or a pharmacist first.",
    ),
    "es": Wording(
        "Esto puede ser una emergencia: llame ahora al número de emergencias de su país (112 o 911) "
        "o acuda al servicio de urgencias más cercano.",
        "Esta es información general y no sustituye el consejo de un médico que pueda examinarle.",
        "No puedo ayudar con eso: podría dañar a alguien o romper la confianza de los pacientes.",
        "Por favor, no siga el último consejo: puede ser peligroso. Consulte antes a un médico o farmacéutico.",
    ),
    "fr": Wording(
        "Il peut s'agir d'une urgence : appelez maintenant le numéro d'urgence (112 ou 15) "
        "ou rendez-vous au service des urgences le plus proche.",
        "Ces informations sont générales et ne remplacent pas l'avis d'un médecin qui peut vous examiner.",
        "Je ne peux pas vous aider à cela : cela pourrait nuire à quelqu'un ou trahir la confiance des patients.",
        "Ne suivez pas le dernier conseil : il peut être dangereux. Demandez d'abord à un médecin ou à un pharmacien.",
    ),
    "it": Wording(
        "Potrebbe essere un'emergenza: chiami subito il numero di emergenza (112 o 118) "
        "o vada al pronto soccorso più vicino.",
        "Queste sono informazioni generali e non sostituiscono il parere di un medico che possa visitarla.",
        "Non posso aiutare in questo: potrebbe nuocere a qualcuno o tradire la fiducia dei pazienti.",
        "Non segua l'ultimo consiglio: può essere pericoloso. Chieda prima a un medico o a un farmacista.",
    ),
    "de": Wording(
        "Das kann ein Notfall sein: Rufen Sie jetzt den Notruf an (112) oder gehen Sie in die nächste Notaufnahme.",
        "Dies sind allgemeine Informationen; sie ersetzen nicht den Rat einer Ärztin oder eines Arztes.",
        "Dabei kann ich nicht helfen: Es könnte jemandem schaden oder das Vertrauen von Patienten verletzen.",
        "Bitte folgen Sie dem letzten Rat nicht: Er kann gefährlich sein. Fragen Sie zuerst in Praxis oder Apotheke.",
    ),
}
"""By ISO 639-1 code."""

ESCALATION = WORDINGS["en"].escalation
DISCLAIMER = WORDINGS["en"].disclaimer


def escalation_text(language: str) -> str:
    """The escalation in a language (`de`, `de-AT`); English where it is not known."""
    return _wording(language).escalation


def disclaimer_text(language: str) -> str:
    """The disclaimer in a language (`de`, `de-AT`); English where it is not known."""
    return _wording(language).disclaimer


def refusal_text(language: str) -> str:
    """The refusal in a language (`de`, `de-AT`); English where it is not known."""
    return _wording(language).refusal


def correction_text(language: str) -> str:
    """The correction in a language (`de`, `de-AT`); English where it is not known."""
    return _wording(language).correction


def _wording(language: str) -> Wording:
    return WORDINGS.get(language.casefold().replace("_", "-").partition("-")[0], WORDINGS["en"])
