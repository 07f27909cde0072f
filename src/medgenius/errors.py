"""The named errors. Each is a user's matter: the command line prints its text alone, without a traceback."""

import signal


class MedGeniusError(Exception):
    """Base of every error whose cause lies outside the code: a setting, a file, a machine, the numbers."""


class ConfigError(MedGeniusError):
    """An unknown key, a wrong value or an impossible combination. The text names the key."""


class DataError(MedGeniusError):
    """A data file or rows of it that cannot be used. The text names file and line."""


class ModelError(MedGeniusError):
    """A model or tokenizer that cannot be had or is not what training needs."""


class RunError(MedGeniusError):
    """A run directory that exists already, cannot be written, or is not one."""


class PublishError(MedGeniusError):
    """A run that is not fit to be published, or something in it that must not leave. Nothing was."""


class NonFiniteError(MedGeniusError):
    """The loss or the gradient became NaN or infinite; the parameters were not updated with it."""


class OutOfMemoryError(MedGeniusError):
    """Memory is too small for what was asked, and smaller passes can't help; the parameters were not updated."""


class StudyError(MedGeniusError):
    """A study that does not exist, or whose trials fail one after the other."""


class Pruned(Exception):  # noqa: N818  a normal end, not an error
    """A study has seen enough of a run."""


class UnexpectedError(MedGeniusError):
    """A defect that showed while rows were in hand as text. Its kind and place are told, its words are not."""


REQUEUE = 75
"""Exit status after SIGTERM and SIGUSR1: EX_TEMPFAIL of sysexits.h, start me again."""

STOP_STATUS = {signal.SIGINT: 130, signal.SIGTERM: REQUEUE, signal.SIGUSR1: REQUEUE}
"""The signals that ask a run to end, and the exit status after each."""


class Interrupted(BaseException):
    """Someone asked the run to end.

    No MedGeniusError, since nothing is wrong, and no Exception, so that nothing on the way swallows it.

    Attributes:
        status: exit status of the command line.
        between_steps: whether the state of training is whole.
    """

    def __init__(self, text: str, status: int, *, between_steps: bool) -> None:
        super().__init__(text)
        self.status = status
        self.between_steps = between_steps


def shown(value: object, longest: int = 100) -> str:
    """A value as a part of one line: control characters escaped, what is long cut."""
    text = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in str(value)[: longest + 1])
    return text if len(text) <= longest else f"{text[:longest]}…"
