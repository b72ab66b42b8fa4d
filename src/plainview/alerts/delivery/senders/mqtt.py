"""MQTT 5: a retained message for each thing that may be wrong, which Home Assistant finds."""

import contextlib
import hashlib
import threading
from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import quote, urlsplit

import msgspec
from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from plainview import __version__
from plainview.alerts.delivery.notice import ROUTE, Notice, Purpose
from plainview.alerts.delivery.route import Refused, Route
from plainview.alerts.delivery.senders import tls, unreached
from plainview.errors import DeliveryFailed

SECONDS: Final = 10.0
"""For a connection, and for the broker's word that it has a message."""
PORTS: Final = {"mqtt": 1883, "mqtts": 8883}
_MOST_WAITING: Final = 1000
_REACH: Final = "See whether the broker runs, can be reached from here, and speaks that there"


class MqttSender:
    """Owns one connection to a broker, and the thread that the client library runs for it."""

    def __init__(self, route: Route) -> None:
        """Connect, and say that this program is online. Raises DeliveryFailed."""
        self._route = route
        self._changed = threading.Condition()
        self._answer: ReasonCode | None = None
        """What the broker said to our wish to connect."""
        self._acknowledged: dict[int, ReasonCode] = {}
        self._found: set[str] = set()
        """Topics that Home Assistant was told of in this connection."""
        self._newest: dict[str, float] = {}
        """UTC seconds of the newest notice by topic."""
        self._whole = False
        """Whether the broker holds all that was told, and not only what came since it is there."""
        self._status = f"{route.topic}/status"
        self._client = self._made()
        try:
            self._connect()
        except DeliveryFailed:
            self.close()
            raise
        self._publish(self._status, b"online", retain=True)

    def _made(self) -> Client:
        client = Client(
            CallbackAPIVersion.VERSION2,
            # The same after a restart, so that a broker lets go of the old connection; another for
            # another city, which has other topics: of two alike each would end the other's.
            client_id=f"{self._route.topic.replace('/', '-')}-{self._route.name}",
            protocol=MQTTv5,
            reconnect_on_failure=False,
        )
        client.connect_timeout = SECONDS
        client.max_queued_messages_set(_MOST_WAITING)
        client.will_set(self._status, b"offline", qos=1, retain=True)
        if urlsplit(self._route.address).scheme == "mqtts":
            client.tls_set_context(tls(self._route))
        if self._route.user:
            secret = self._route.secret
            client.username_pw_set(self._route.user, secret.read() if secret else None)
        client.on_connect = self._on_connect
        client.on_publish = self._on_publish
        return client

    def _connect(self) -> None:
        parts = urlsplit(self._route.address)
        port = parts.port or PORTS[parts.scheme]
        try:
            self._client.connect(parts.hostname or "", port, keepalive=30)
        except (OSError, ValueError) as error:
            raise unreached(error, self._route.address, _REACH) from error
        self._client.loop_start()
        with self._changed:
            self._changed.wait_for(lambda: self._answer is not None, SECONDS)
            answer = self._answer
        if answer is None:
            raise self._failed(f"no answer within {SECONDS:g} s")
        if answer.is_failure:
            mend = "Check user and secret of the route, and what the broker lets them do"
            raise self._failed(f"the broker refuses: {answer}", mend)

    def _failed(self, what: str, mend: str = _REACH) -> DeliveryFailed:
        return DeliveryFailed(what, where=self._route.address, mend=mend)

    def _on_connect(
        self, _client: Client, _data: object, _flags: object, answer: ReasonCode, _more: object
    ) -> None:
        with self._changed:
            self._answer = answer
            self._changed.notify_all()

    def _on_publish(
        self, _client: Client, _data: object, number: int, answer: ReasonCode, _more: object
    ) -> None:
        with self._changed:
            self._acknowledged[number] = answer
            self._changed.notify_all()

    def send(self, notice: Notice) -> None:
        """Publish `notice` as what now holds of its topic, kept by the broker (QoS 1, retained).

        One that comes after a newer one of its topic is done with: it would turn time back. Raises
        DeliveryFailed where the broker does not say that it has the message.
        """
        if notice.purpose is Purpose.TEST:
            self._publish(f"{self._route.topic}/test", payload(notice), notice.key)
            return
        topic = topic_of(notice, self._route.topic)
        if notice.updated_at < self._newest.get(topic, float("-inf")):
            return
        if self._route.discovery and topic not in self._found:
            at, config = discovery(notice, topic, self._status, self._route.discovery)
            self._publish(at, config, retain=True)
            self._found.add(topic)
        self._publish(topic, payload(notice), notice.key, retain=True)
        self._newest[topic] = notice.updated_at

    def tend(self, told: Callable[[], Sequence[Notice]]) -> None:
        """Give a broker that may have lost it what holds of each topic, with the keys it had.

        Raises DeliveryFailed where the connection is lost, and what `told` raises.
        """
        if not self._client.is_connected():
            raise self._failed("the broker has ended the connection")
        if self._whole:
            return
        newest: dict[str, Notice] = {}
        for notice in sorted(told(), key=lambda one: one.updated_at):
            newest[topic_of(notice, self._route.topic)] = notice
        for notice in newest.values():
            # What the broker does not take was told of when it came.
            with contextlib.suppress(Refused):
                self.send(notice)
        self._whole = True

    def _publish(self, topic: str, data: bytes, key: str = "", *, retain: bool = False) -> None:
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # not annotated
        if key:
            properties.UserProperty = ("idempotency-key", key)
            properties.ContentType = "application/json"
        sent = self._client.publish(topic, data, qos=1, retain=retain, properties=properties)
        with self._changed:
            self._changed.wait_for(lambda: sent.mid in self._acknowledged, SECONDS)
            answer = self._acknowledged.pop(sent.mid, None)
        if answer is None:
            raise self._failed(f"the broker did not say within {SECONDS:g} s that it has a message")
        if answer.is_failure:
            raise Refused(
                f"the broker does not take {topic!r}: {answer}",
                where=self._route.address,
                mend="Let the route's user publish there",
            )

    def close(self) -> None:
        """Say that this program is offline, as far as that can be done, and let go."""
        if self._client.is_connected():
            self._client.publish(self._status, b"offline", qos=1, retain=True)
        self._client.disconnect()
        self._client.loop_stop()


def topic_of(notice: Notice, prefix: str) -> str:
    """The topic of what `notice` is about: its site, zone and subject, each one level."""
    if notice.kind == ROUTE:
        return f"{prefix}/routes/{_level(notice.about)}"
    zone = "site" if notice.zone is None else f"zone-{_level(notice.zone)}"
    return f"{prefix}/sites/{_level(notice.site)}/{zone}/{_level(notice.about)}"


def _level(name: str) -> str:
    """`name` without the signs that mean something in a topic (MQTT 5.0, section 4.7)."""
    return quote(name, safe="")


def payload(notice: Notice) -> bytes:
    """The message about `notice`, as JSON."""
    return msgspec.json.encode(msgspec.to_builtins(notice) | {"open": notice.open})


def discovery(notice: Notice, topic: str, status: str, prefix: str) -> tuple[str, bytes]:
    """Topic and message by which Home Assistant finds `topic`: a safety sensor of the site.

    The keys are those of Home Assistant's MQTT integration, binary sensors.
    """
    name = "plainview_" + hashlib.sha256(topic.encode()).hexdigest()[:24]
    about = notice.about.replace("-", " ")
    what = f"route {about}" if notice.kind == ROUTE else about
    config = {
        "name": what if notice.zone is None else f"{what}, {notice.zone}",
        "unique_id": name,
        "device_class": "problem" if notice.kind == ROUTE else "safety",
        "state_topic": topic,
        "value_template": "{{ 'ON' if value_json.open else 'OFF' }}",
        "json_attributes_topic": topic,
        "availability_topic": status,
        "qos": 1,
        "device": {
            "identifiers": [f"plainview_{notice.site}"],
            "name": notice.site_name,
            "manufacturer": "Plainview",
        },
        "origin": {"name": "Plainview", "sw_version": __version__},
    }
    return f"{prefix}/binary_sensor/{name}/config", msgspec.json.encode(config)
