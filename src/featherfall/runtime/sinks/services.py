"""Alarms through the services that Apprise knows: messengers, phones, speakers."""

from __future__ import annotations

from featherfall.core.errors import UserError
from featherfall.core.registry import register
from featherfall.runtime.alarm import AlarmMessage, Severity
from featherfall.runtime.sinks.sink import Sink


@register("sink", "apprise")
class AppriseSink(Sink):
    """Alarms through Apprise, by one of its URLs: https://github.com/caronc/apprise/wiki."""

    def __init__(self, url: str) -> None:
        """Arguments:
            url: one; it is never shown, as it holds tokens. Another service is another sink, so that each gets a message once.

        Raises: `UserError` where Apprise is not installed or does not know the URL.
        """
        try:
            import apprise
        except ImportError:
            raise UserError("Apprise is not installed; pip install 'featherfall[notify]'") from None
        self._service, self._types = apprise.Apprise(), apprise.NotifyType
        if not self._service.add(url):
            raise UserError(f"sink apprise: {url.partition('://')[0][:20]}://... is no url that Apprise knows; correct it")

    def alarm(self, message: AlarmMessage) -> None:
        """Send; raises `OSError` where a service fails."""
        kind = self._types.FAILURE if message.severity >= Severity.alarm else self._types.WARNING
        if not self._service.notify(body=message.dated, title=message.text, notify_type=kind):
            raise OSError("the service does not take the message")
