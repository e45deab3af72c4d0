"""The references: the least that FastAPI, served the same way, can do for one route."""

import sys

import uvicorn
from fastapi import FastAPI

app = FastAPI(openapi_url=None)


@app.get("/shows/{show_id}")
async def show(show_id: str) -> dict[str, str]:
    """A route that does nothing."""
    return {"id": show_id}


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), loop="uvloop", http="httptools", access_log=False, log_level="warning")
