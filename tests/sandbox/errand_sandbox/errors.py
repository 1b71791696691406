"""The two families of errors: what a device is told, and what an operator is told."""

# Data plane code -> (exception name over HTTPS, HTTP status).
HTTPS_NAMES = {
    "InvalidTopic": ("InvalidRequestException", 400),
    "InvalidJson": ("InvalidRequestException", 400),
    "InvalidRequest": ("InvalidRequestException", 400),
    "InvalidStateTransition": ("InvalidStateTransitionException", 409),
    "ResourceNotFound": ("ResourceNotFoundException", 404),
    "VersionMismatch": ("InvalidStateTransitionException", 409),
    "TerminalStateReached": ("TerminalStateException", 410),
    "RequestThrottled": ("ThrottlingException", 429),
    "InternalError": ("ServiceUnavailableException", 503),
}

CONTROL_STATUS = {
    "InvalidRequestException": 400,
    "ThrottlingException": 400,
    "ResourceNotFoundException": 404,
    "ResourceAlreadyExistsException": 409,
    "InvalidStateTransitionException": 409,
    "VersionConflictException": 409,
    "LimitExceededException": 410,
    "InternalFailureException": 500,
    "ServiceUnavailableException": 503,
}


class DeviceError(Exception):
    """A request of a device that is answered on .../rejected."""

    def __init__(self, code, message, execution=None):
        super().__init__(message)
        self.code = code
        self.message = message
        self.execution = execution


class ControlError(Exception):
    """A request of an operator that is answered with an error status."""

    def __init__(self, name, message):
        super().__init__(message)
        self.name = name
        self.message = message
        self.status = CONTROL_STATUS.get(name, 400)


def invalid(message):
    return ControlError("InvalidRequestException", message)


def not_found(message):
    return ControlError("ResourceNotFoundException", message)
