"""A client of a batch, on the websockets library: uploads files in one request,
follows the batch until it has ended, and prints each message as a line.

    python chemaudit.py URL TOKEN FILE...
"""

import asyncio
import json
import sys
import urllib.request
import uuid

import websockets

ENDED = ("complete", "failed", "cancelled")


def upload(base, token, paths):
    boundary = uuid.uuid4().hex
    body = b""
    for path in paths:
        with open(path, "rb") as file:
            content = file.read()
        name = path.rsplit("/", 1)[-1]
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\nContent-Type: application/octet-stream\r\n\r\n'
        body += head.encode() + content + b"\r\n"
    body += f"--{boundary}--\r\n".encode()
    request = urllib.request.Request(
        f"{base}/batch/upload",
        data=body,
        headers={"Authorization": f"Bearer {token}", "Content-Type": f"multipart/form-data; boundary={boundary}"},
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.load(response)["job_id"]


async def follow(base, token, job_id):
    url = f"{base.replace('http', 'ws', 1)}/ws/batch/{job_id}?token={token}"
    async with websockets.connect(url) as socket:

        async def keep_alive():
            while True:
                await asyncio.sleep(1)
                await socket.send("ping")

        heart = asyncio.create_task(keep_alive())
        try:
            async for text in socket:
                message = json.loads(text)
                assert isinstance(message["progress"], (int, float)), message
                print(json.dumps({key: message[key] for key in ("job_id", "status", "progress", "processed", "total", "eta_seconds")}), flush=True)
                if message["status"] in ENDED:
                    return message
        finally:
            heart.cancel()


def main():
    base, token, paths = sys.argv[1], sys.argv[2], sys.argv[3:]
    job_id = upload(base, token, paths)
    last = asyncio.run(asyncio.wait_for(follow(base, token, job_id), 120))
    sys.exit(0 if last and last["status"] in ENDED else 1)


main()
