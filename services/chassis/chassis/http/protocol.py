"""HTTP/1.1 as uvicorn speaks it, with bounds for the headers of a request, which uvicorn has none for."""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

REFUSALS = {
    408: b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
    431: b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
}


def bounded_protocol(most: int, seconds: float) -> type[asyncio.Protocol]:
    """uvicorn's protocol, for headers of at most about `most` bytes that arrive within `seconds`."""

    class BoundedProtocol(HttpToolsProtocol):
        _size = 0
        _complete = False
        """Whether the headers of the request under way have been read: then its body has bounds of its own."""
        _timer: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
            super().connection_made(transport)
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop()
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            began_before = not self._complete
            super().data_received(data)
            if began_before and not self._complete and not self.transport.is_closing():
                self._size += len(data)
                if self._size > most:
                    self._refuse(431)

        def on_message_begin(self) -> None:
            super().on_message_begin()
            self._complete, self._size = False, 0
            self._stop()
            self._timer = self.loop.call_later(seconds, self._refuse, 408)

        def on_headers_complete(self) -> None:
            self._complete = True
            self._stop()
            super().on_headers_complete()

        def _refuse(self, status: int) -> None:
            if not self.transport.is_closing():
                self.transport.write(REFUSALS[status])
                self.transport.close()

        def _stop(self) -> None:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

    return BoundedProtocol
