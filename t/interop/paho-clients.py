# Paho, 3.1.1 and 5.0, over TCP and WebSocket.

import itertools
import os
import queue
import socket
import sys
import threading
from urllib.parse import urlsplit

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

TIMEOUT = 10 * float(os.environ.get('TEST_NGINX_SLOW') or 1)
WS = urlsplit(os.environ['MQTT_WS'])
TCP = urlsplit(os.environ['MQTT_TCP'])

KINDS = [(transport, version) for transport in ('tcp', 'websockets')
         for version in (mqtt.MQTTv311, mqtt.MQTTv5)]

count = itertools.count(1)
tests = 0


def unique(prefix):
    return f'{prefix}p{os.getpid()}-{next(count)}'


class Failure(Exception):
    pass


def same(got, wanted, what):
    if got != wanted:
        raise Failure(f'{what}: got {got!r}, wanted {wanted!r}')


def properties(kind, **values):
    p = Properties(kind)
    for name, value in values.items():
        setattr(p, name, value)
    return p


class Client:
    """A client whose events come into queues."""

    def __init__(self, kind, client_id=None, lasting=False, hub=None, will=None,
                 connect=None):
        transport, self.version = kind
        self.messages = queue.Queue()
        self.events = queue.Queue()
        self.disconnected = threading.Event()

        options = {'client_id': client_id or unique('paho-'),
                   'transport': transport, 'protocol': self.version}
        if self.version == mqtt.MQTTv311:
            options['clean_session'] = not lasting
        c = self.mqtt = mqtt.Client(**options)

        c.on_connect = lambda c, u, flags, rc, p=None: \
            self.events.put(('connect', flags['session present'], rc))
        c.on_subscribe = lambda c, u, mid, granted, p=None: \
            self.events.put(('suback', granted))
        c.on_unsubscribe = lambda *a: self.events.put(('unsuback',))
        c.on_publish = lambda c, u, mid: self.events.put(('published', mid))
        c.on_disconnect = lambda *a: self.disconnected.set()
        c.on_message = lambda c, u, m: self.messages.put(m)

        address = WS if transport == 'websockets' else TCP
        port = address.port
        if transport == 'websockets':
            c.ws_set_options(path=f'/{hub or "mqtt"}')
        elif hub:
            port = urlsplit(os.environ[f'MQTT_TCP_{hub.upper()}']).port
        if will:
            c.will_set(*will)

        more = {}
        if self.version == mqtt.MQTTv5:
            more['clean_start'] = not lasting
            p = properties(PacketTypes.CONNECT, **(connect or {}))
            if lasting:
                p.SessionExpiryInterval = 300
            more['properties'] = p
        c.connect(address.hostname, port, **more)
        c.loop_start()
        self.connack = self.event('connect')

    def event(self, name):
        try:
            event = self.events.get(timeout=TIMEOUT)
        except queue.Empty:
            raise Failure(f'waited in vain for {name}')
        same(event[0], name, 'event')
        return event[1:]

    def subscribe(self, *args, **more):
        self.mqtt.subscribe(*args, **more)
        return [int(getattr(c, 'value', c)) for c in self.event('suback')[0]]

    def publish(self, *args, **more):
        self.mqtt.publish(*args, **more)
        self.event('published')

    def next(self):
        try:
            return self.messages.get(timeout=TIMEOUT)
        except queue.Empty:
            raise Failure('waited in vain for a message')

    def take(self, number):
        return [self.next().payload for _ in range(number)]

    def cut(self):
        """Ends the connection without DISCONNECT."""
        self.mqtt.on_disconnect = None
        sock = self.mqtt.socket()
        self.mqtt._thread_terminate = True
        getattr(sock, '_socket', sock).shutdown(socket.SHUT_RDWR)
        self.mqtt.loop_stop()

    def end(self):
        self.mqtt.disconnect()
        if not self.disconnected.wait(TIMEOUT):
            raise Failure('waited in vain for the end')
        self.mqtt.loop_stop()


def every_qos(kind):
    pub = Client(kind)
    for wanted in (0, 1, 2):
        topic = unique('qos/')
        sub = Client(kind)
        same(sub.subscribe(topic, wanted), [wanted], 'SUBACK')
        for qos in (0, 1, 2):
            pub.publish(topic, str(qos), qos)
        got = [sub.next() for _ in range(3)]
        same(sorted((m.payload, m.qos) for m in got),
             [(str(q).encode(), min(q, wanted)) for q in (0, 1, 2)], 'messages')
        sub.end()
    pub.end()


def every_other(kind):
    topic = unique('mixed/')
    subs = []
    for other in KINDS:
        sub = Client(other)
        sub.subscribe(topic, 2)
        subs.append(sub)
    pub = Client(kind)
    for n in range(50):
        pub.publish(topic, str(n), 2)
    for sub in subs:
        same(sub.take(50), [str(n).encode() for n in range(50)], 'messages')
        sub.end()
    pub.end()


def retained(kind):
    topic = unique('retained/')
    c = Client(kind)
    c.publish(topic, 'kept', 1, True)
    c.subscribe(topic, 1)
    m = c.next()
    same((m.payload, m.retain), (b'kept', True), 'message')
    c.publish(topic, '', 1, True)
    m = c.next()
    same((m.payload, m.retain), (b'', False), 'its removal')
    c.end()


def will(kind):
    topic = unique('will/')
    watch = Client(kind)
    watch.subscribe(topic, 2)
    Client(kind, will=(topic, 'never', 2)).end()
    Client(kind, will=(topic, 'gone', 2)).cut()
    m = watch.next()
    same((m.payload, m.qos), (b'gone', 2), 'message')
    watch.end()


def session(kind):
    name, topic = unique('session-'), unique('session/')
    sub = Client(kind, name, lasting=True)
    same(sub.connack[0], 0, 'session present at first')
    sub.subscribe(topic, 2)
    sub.end()

    pub = Client(kind)
    for n in range(50):
        pub.publish(topic, str(n), 2)
    sub = Client(kind, name, lasting=True)
    same(sub.connack[0], 1, 'session present')
    same(sub.take(50), [str(n).encode() for n in range(50)], 'messages')
    sub.end()
    pub.end()

    again = Client(kind, name)
    same(again.connack[0], 0, 'session present after a clean start')
    again.end()


def many(kind):
    topic = unique('many/')
    sub = Client(kind)
    sub.subscribe(topic, 1)
    pub = Client(kind)
    for n in range(1000):
        pub.mqtt.publish(topic, str(n), 1)
    for n in range(1000):
        pub.event('published')
    same(sub.take(1000), [str(n).encode() for n in range(1000)], 'messages')
    pub.end()
    sub.end()


def large(kind):
    topic = unique('large/')
    c = Client(kind)
    c.subscribe(topic, 2)
    payload = bytes(range(256)) * 4096
    for qos in (0, 1, 2):
        c.publish(topic, payload, qos)
        if c.next().payload != payload:
            raise Failure(f'another payload with QoS {qos}')
    c.end()


def refused(kind):
    code = Client(kind, hub='closed').connack[1]
    same(getattr(code, 'value', code), 0x87 if kind[1] == mqtt.MQTTv5 else 5, 'CONNACK')
    deaf = Client(kind, hub='deaf')
    same(deaf.subscribe('t', 1), [0x87 if kind[1] == mqtt.MQTTv5 else 0x80], 'SUBACK')
    deaf.end()


def five(kind):
    topic = unique('five/')
    sub = Client(kind)
    sub.subscribe(topic, options=SubscribeOptions(qos=1, noLocal=True),
                  properties=properties(PacketTypes.SUBSCRIBE, SubscriptionIdentifier=9))
    pub = Client(kind)
    p = properties(PacketTypes.PUBLISH, ContentType='a/b', ResponseTopic='r',
                   CorrelationData=b'\x00\xff', MessageExpiryInterval=60,
                   PayloadFormatIndicator=1, UserProperty=[('k', 'v'), ('k', 'w')])
    sub.publish(topic, 'own', 1)
    pub.publish(topic, 'x', 1, properties=p)

    got = sub.next()
    same(got.payload, b'x', 'message')
    got = got.properties.json()
    if got['MessageExpiryInterval'] == 59:
        got['MessageExpiryInterval'] = 60
    same(got, {**p.json(), 'SubscriptionIdentifier': [9]}, 'properties')

    pub.publish(topic, 'first', 1, properties=properties(PacketTypes.PUBLISH, TopicAlias=3))
    pub.publish('', 'second', 1, properties=properties(PacketTypes.PUBLISH, TopicAlias=3))
    same([(m.topic, m.payload) for m in (sub.next(), sub.next())],
         [(topic, b'first'), (topic, b'second')], 'messages with an alias')
    pub.end()
    sub.end()


def run(name, body, kind):
    global tests
    tests += 1
    label = f'{kind[0]} v{5 if kind[1] == mqtt.MQTTv5 else 4}'
    try:
        body(kind)
        print(f'ok {tests} - {name} [paho {label}]')
    except Exception as e:
        print(f'not ok {tests} - {name} [paho {label}]')
        print(f'# {type(e).__name__}: {e}'.replace('\n', '\n# '))
    sys.stdout.flush()


for kind in KINDS:
    run('every QoS', every_qos, kind)
    run('every other kind of client', every_other, kind)
    run('retained message', retained, kind)
    run('will', will, kind)
    run('session that lasts', session, kind)
    run('1000 messages at once', many, kind)
    run('a megabyte', large, kind)
    run('refusals', refused, kind)
    if kind[1] == mqtt.MQTTv5:
        run('properties, aliases, no local', five, kind)

print(f'1..{tests}')
sys.stdout.flush()
os._exit(0)
