"""APNs in a small server that speaks HTTP/2 over TLS and nothing else. It believes nobody without a good signature, and knows moods."""

import asyncio
import json
import re
from dataclasses import dataclass
from typing import Any

from h2.config import H2Configuration
from h2.connection import ConnectionState, H2Connection
from h2.events import DataReceived, Event, RequestReceived, StreamEnded
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from app.clock import Clock
from tests.push.answers import DROPS, HANGS, Answer, apns_error
from tests.push.listener import HOST, Listener

KEY_ID = "ABC123DEFG"
TEAM_ID = "DEF123GHIJ"
TOPIC = "org.example.campus.parent"
_PATH = re.compile(r"/3/device/[0-9a-f]{64}")
_LIFE_S = 3600


@dataclass(frozen=True)
class Push:
    """One request as it came over the wire."""

    headers: dict[str, str]
    body: bytes

    @property
    def payload(self) -> Any:
        return json.loads(self.body)

    @property
    def provider_token(self) -> str:
        return self.headers["authorization"].removeprefix("bearer ")


class ApnsServer(Listener):
    def __init__(self, public_pem: str, clock: Clock) -> None:
        super().__init__()
        self.clock = clock
        self.says: list[Answer] = []
        """What it says to the next messages; then it takes them."""
        self.goodbye = False
        """After each answer it says that it will take no more on this connection."""
        self.seen: list[Push] = []
        self.shown: dict[str, Push] = {}
        """What devices show, by apns-id: a repetition is not shown again."""
        self._key = ECKey.import_key(public_pem)

    @property
    def url(self) -> str:
        return f"https://{HOST}:{self.port}"

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        connection.initiate_connection()
        writer.write(connection.data_to_send())
        streams: dict[int, Push] = {}
        is_over = False
        while not is_over and (data := await reader.read(65_536)):
            for event in connection.receive_data(data):
                answer = self._hear(event, connection, streams)
                if answer is HANGS:
                    await reader.read()
                if answer is HANGS or answer is DROPS:
                    return
            writer.write(connection.data_to_send())
            await writer.drain()
            is_over = connection.state_machine.state is ConnectionState.CLOSED

    def _hear(self, event: Event, connection: H2Connection, streams: dict[int, Push]) -> Answer | None:
        """The answer to a request that is complete."""
        match event:
            case RequestReceived(stream_id=int(stream)):
                streams[stream] = Push({str(name): str(value) for name, value in event.headers or ()}, b"")
            case DataReceived(stream_id=int(stream), data=bytes(data)):
                streams[stream] = Push(streams[stream].headers, streams[stream].body + data)
                connection.acknowledge_received_data(event.flow_controlled_length or 0, stream)
            case StreamEnded(stream_id=int(stream)):
                answer = self._answer(streams.pop(stream))
                if answer.status > 0:
                    head = {":status": str(answer.status), **answer.headers}
                    connection.send_headers(stream, head.items())
                    connection.send_data(stream, answer.body, end_stream=True)
                if self.goodbye:
                    connection.close_connection()
                return answer
        return None

    def _answer(self, push: Push) -> Answer:
        self.seen.append(push)
        if self.says:
            return self.says.pop(0)
        refusal = self._refusal(push)
        if refusal:
            return refusal
        self.shown.setdefault(push.headers["apns-id"], push)
        return Answer(200, headers={"apns-id": push.headers["apns-id"]})

    def _refusal(self, push: Push) -> Answer | None:
        try:
            token = jwt.decode(push.provider_token, self._key, algorithms=["ES256"])
        except JoseError:
            return apns_error(403, "InvalidProviderToken")
        if token.header != {"alg": "ES256", "kid": KEY_ID} or token.claims["iss"] != TEAM_ID:
            return apns_error(403, "InvalidProviderToken")
        age = self.clock.now().timestamp() - token.claims["iat"]
        if not 0 <= age < _LIFE_S:
            return apns_error(403, "ExpiredProviderToken")
        if push.headers["apns-topic"] != TOPIC:
            return apns_error(400, "TopicDisallowed")
        if push.headers[":method"] != "POST" or not _PATH.fullmatch(push.headers[":path"]):
            return apns_error(404, "BadPath")
        return None
