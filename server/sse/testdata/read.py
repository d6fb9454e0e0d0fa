"""Reads Server-Sent Events with httpx-sse or sseclient-py, and prints each as a
line of JSON.

    python read.py httpx-sse|sseclient-py URL TOKEN
"""

import json
import sys

import httpx
import httpx_sse
import sseclient

library, url, token = sys.argv[1:]


def say(event):
    print(json.dumps({"name": event.event, "id": event.id, "data": event.data, "retry": event.retry}), flush=True)


headers = {"Authorization": f"Bearer {token}", "Accept": "text/event-stream"}
with httpx.Client(timeout=60) as client:
    if library == "httpx-sse":
        with httpx_sse.connect_sse(client, "GET", url, headers=headers) as source:
            for event in source.iter_sse():
                say(event)
    else:
        with client.stream("GET", url, headers=headers) as response:
            for event in sseclient.SSEClient(response.iter_bytes()).events():
                say(event)
