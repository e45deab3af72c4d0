"""An application on a real socket, in the test's own event loop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.types import ASGIApp
from uvicorn.config import LifespanType

from engines.local.ports import free_port


@asynccontextmanager
async def serving(app: ASGIApp, port: int | None = None, *, lifespan: LifespanType = "auto") -> AsyncIterator[str]:
    """Serve `app` for the time of the block, which gets its URL. `lifespan` is uvicorn's: "off" for one that runs."""
    port = port or free_port()
    config = uvicorn.Config(app, port=port, log_config=None, lifespan=lifespan, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await task
