'use strict';

// MQTT.js with what 5.0 alone has, over WebSocket and TCP.

const { kinds, test, done, is, ok, unique, numbers, lasting, fail } = require('./lib');

const texts = (messages) => messages.map((m) => m.text);


// All PUBLISH packets that a client gets, as they are on the wire.

function wire(client) {
    const packets = [];
    client.mqtt.on('packetreceive', (packet) => {
        if (packet.cmd === 'publish') {
            packets.push([packet.topic, packet.properties?.topicAlias]);
        }
    });
    return packets;
}


async function five(kind) {
    const named = (name, body) => test(`${name} [${kind.name}]`, body);
    const other = kinds.find((k) => k.version === 5 && k !== kind);
    const old = kinds.find((k) => k.version === 4 && k.transport !== kind.transport);

    await named('properties of a message', async (t) => {
        const topic = unique('properties/');
        const sub = await t.connect(other);
        const plain = await t.connect(old);
        const pub = await t.connect(kind);
        await sub.subscribe(topic, { qos: 1 });
        await plain.subscribe(topic, { qos: 1 });

        const properties = {
            messageExpiryInterval: 100,
            payloadFormatIndicator: true,
            responseTopic: 'answer/é',
            correlationData: Buffer.from([0, 1, 255]),
            userProperties: { a: '1', b: ['2', '3'], '': '' },
            contentType: 'text/plain',
        };

        for (const qos of [0, 1, 2]) {
            await pub.publish(topic, 'x', { qos, properties });
            const got = (await sub.next()).packet.properties;
            ok([99, 100].includes(got.messageExpiryInterval), 'expiry');
            is({ ...got, messageExpiryInterval: 100 }, properties, 'properties');
            is((await plain.next()).text, 'x', 'the same without them');
        }
    });

    await named('properties of a retained message and a will', async (t) => {
        const topic = unique('kept/');
        const userProperties = { from: 'will' };
        const c = await t.connect(kind, { will: {
            topic, payload: Buffer.from('gone'), qos: 1, retain: true,
            properties: { contentType: 'a/b', userProperties, messageExpiryInterval: 50 },
        } });
        const watch = await t.connect(other);
        await watch.subscribe(topic, { qos: 1 });
        await c.cut();
        is((await watch.next()).packet.properties.contentType, 'a/b', 'of the will');

        const late = await t.connect(kind);
        await late.subscribe(topic, { qos: 1 });
        const { properties } = (await late.next()).packet;
        is([properties.contentType, { ...properties.userProperties }],
           ['a/b', userProperties], 'of the retained message');
        await late.publish(topic, '', { qos: 1, retain: true });
    });

    await named('a will with DISCONNECT 0x04', async (t) => {
        const topic = unique('bye/');
        const watch = await t.connect(other);
        await watch.subscribe(topic, { qos: 1 });
        const c = await t.connect(kind, { will: { topic, payload: Buffer.from('bye'), qos: 1 } });
        await c.mqtt.endAsync(false, { reasonCode: 4 });
        is((await watch.next()).text, 'bye', 'the will');
    });

    await named('a will that is delayed, and called off', async (t) => {
        const topic = unique('delayed/');
        const watch = await t.connect(other);
        await watch.subscribe(topic, { qos: 1 });

        const open = (payload, clientId) => t.connect(kind, {
            clientId, ...lasting(5), will: {
                topic, payload: Buffer.from(payload), qos: 1,
                properties: { willDelayInterval: 1 },
            },
        });

        const back = unique('back-');
        await (await open('never', back)).cut();
        await open('never', back);
        const start = Date.now();
        await (await open('late', unique('away-'))).cut();
        is((await watch.next()).text, 'late', 'the will');
        ok(Date.now() - start >= 900, 'it was delayed');
    });

    await named('request and response', async (t) => {
        const service = await t.connect(other);
        const client = await t.connect(kind);
        const [topic, answer] = [unique('service/'), unique('answer/')];

        service.mqtt.on('message', (_, payload, packet) => {
            const { responseTopic, correlationData } = packet.properties;
            service.mqtt.publish(responseTopic, String(payload * 2),
                                 { qos: 1, properties: { correlationData } });
        });
        await service.subscribe(topic, { qos: 1 });
        await client.subscribe(answer, { qos: 1 });

        for (const n of numbers(10)) {
            await client.publish(topic, n, { qos: 1, properties: {
                responseTopic: answer, correlationData: Buffer.from(n),
            } });
            const { text, packet } = await client.next();
            is([text, String(packet.properties.correlationData)], [String(n * 2), n], 'answer');
        }
    });

    await named('message expiry', async (t) => {
        const topic = unique('expiry/');
        const clientId = unique('sleeper-');
        const options = () => ({ clientId, ...lasting(5) });
        const pub = await t.connect(other);

        let sub = await t.connect(kind, options());
        await sub.subscribe(topic, { qos: 1 });
        await sub.end();
        const send = (text, seconds) => pub.publish(topic, text,
            { qos: 1, properties: { messageExpiryInterval: seconds } });
        await send('short', 1);
        await send('long', 100);

        // What expires can only be waited for.
        await new Promise((resolve) => setTimeout(resolve, 2100));
        sub = await t.connect(kind, options());
        const { text, packet } = await sub.next();
        is(text, 'long', 'what is left');
        const left = packet.properties.messageExpiryInterval;
        ok(left >= 96 && left <= 98, `${left} seconds left`);
    });

    await named('subscription identifiers', async (t) => {
        const topic = unique('ids/');
        const c = await t.connect(kind);
        const sub = (filter, subscriptionIdentifier) =>
            c.subscribe(filter, { qos: 1, properties: { subscriptionIdentifier } });

        await sub(`${topic}/a`, 1);
        await sub(`${topic}/+`, 268435455);
        await sub(`${topic}/b/#`, 200);
        await c.publish(`${topic}/a`, 'x', { qos: 1 });
        await c.publish(`${topic}/b`, 'y', { qos: 1 });
        await c.publish(`${topic}/b/c`, 'end', { qos: 1 });

        const seen = { x: [], y: [], end: [] };
        for (;;) {
            const { text, packet } = await c.next();
            seen[text].push(...[packet.properties.subscriptionIdentifier].flat());
            if (text === 'end') {
                break;
            }
        }
        for (const list of Object.values(seen)) {
            list.sort((a, b) => a - b);
        }
        is(seen, { x: [1, 268435455], y: [200, 268435455], end: [200] }, 'identifiers');
    });

    await named('topic aliases of a publisher', async (t) => {
        const topic = unique('alias/');
        const sub = await t.connect(other);
        await sub.subscribe(`${topic}/#`, { qos: 2 });

        const c = await t.connect(kind);
        const max = c.connack.properties.topicAliasMaximum;
        is(max, 16, 'maximum');
        const alias = (topicAlias) => ({ qos: 1, properties: { topicAlias } });
        await c.publish(`${topic}/a`, '1', alias(1));
        await c.publish('', '2', alias(1));
        await c.publish(`${topic}/b`, '3', alias(max));
        await c.publish('', '4', alias(max));
        await c.publish(`${topic}/c`, '5', alias(1));
        await c.publish('', '6', alias(1));
        is((await sub.take(6)).map((m) => m.topic.slice(-1)).join(''), 'aabbcc', 'topics');

        const auto = await t.connect(kind, { autoAssignTopicAlias: true });
        const names = numbers(200).map((n) => `${topic}/${n * n % 23}`);
        await Promise.all(names.map((n, i) => auto.publish(n, n, { qos: i % 3 })));
        for (const { topic: came, text } of await sub.take(200)) {
            is(came, text, 'topic');
        }

        const use = await t.connect(kind, { autoUseTopicAlias: true });
        await use.publish(`${topic}/u`, '1', alias(7));
        await use.publish(`${topic}/u`, '2', { qos: 1 });
        is((await sub.take(2)).map((m) => m.topic), [`${topic}/u`, `${topic}/u`], 'topics');
    });

    await named('topic aliases of the server', async (t) => {
        const topic = unique('short/');
        const sub = await t.connect(kind, { properties: { topicAliasMaximum: 5 } });
        const none = await t.connect(kind);
        const packets = wire(sub);
        const whole = wire(none);
        const pub = await t.connect(other);
        for (const c of [sub, none]) {
            await c.subscribe(`${topic}/#`, { qos: 2 });
        }

        const names = numbers(100).map((n) => `${topic}/${Math.floor(n / 10)}`);
        for (const [i, n] of names.entries()) {
            await pub.publish(n, n, { qos: i % 2 });
        }
        for (const c of [sub, none]) {
            for (const { topic: came, text } of await c.take(100)) {
                is(came, text, 'topic');
            }
        }

        ok(packets.every(([, alias]) => alias === undefined || alias <= 5), 'aliases');
        ok(packets.filter(([name]) => name === '').length >= 70, 'empty topics');
        ok(whole.every(([name, alias]) => name !== '' && alias === undefined),
           'no aliases for a client that wants none');
    });

    await named('no local, retain as published, retain handling', async (t) => {
        const topic = unique('options/');
        const c = await t.connect(kind);
        const pub = await t.connect(other);
        await pub.publish(topic, 'kept', { qos: 1, retain: true });

        await c.subscribe(topic, { qos: 1, nl: true, rap: true, rh: 1 });
        is((await c.next()).text, 'kept', 'new subscription with rh=1');
        await c.subscribe(topic, { qos: 1, nl: true, rap: true, rh: 1 });
        await c.publish(topic, 'own', { qos: 1, retain: true });
        await pub.publish(topic, 'other', { qos: 1, retain: true });
        const { text, packet } = await c.next();
        is([text, packet.retain], ['other', true], 'message');

        await c.subscribe(topic, { qos: 1, rh: 2 });
        await c.publish(topic, '', { qos: 1, retain: true });
        const last = await c.next();
        is([last.text, last.packet.retain], ['', false], 'message of its own');
    });

    await named('reason codes', async (t) => {
        const failure = (promise) => promise.then(() => fail('went well'), (e) => e);

        const mute = await t.connect(kind, { hub: 'mute' });
        await mute.subscribe('t', { qos: 1 });
        is((await failure(mute.publish('t', 'x', { qos: 1 }))).code, 0x87, 'PUBACK');
        is((await failure(mute.publish('t', 'x', { qos: 2 }))).code, 0x87, 'PUBREC');

        const plain = await t.connect(kind, { hub: 'plain' });
        const { properties } = plain.connack;
        is([properties.retainAvailable, properties.sharedSubscriptionAvailable,
            properties.maximumQoS, properties.topicAliasMaximum ?? 0],
           [false, false, 1, 0], 'properties of CONNACK');
        is((await failure(plain.subscribe(['$share/g/t'], { qos: 1 }))).packet.granted,
           [0x9e], 'SUBACK');
        is(await plain.subscribe('t', { qos: 2 }), [1], 'QoS granted');

        const c = await t.connect(kind, { clientId: '' });
        ok(c.connack.properties.assignedClientIdentifier, 'assigned client id');
    });

    await named('DISCONNECT by the server', async (t) => {
        const breaks = async (hub, reason, wrong) => {
            const c = await t.connect(kind, { hub });
            const told = c.event('disconnect');
            const gone = c.event('close');
            c.mqtt.on('error', () => {});
            c.mqtt.stream.write(Buffer.from(wrong, 'hex'));
            is((await told).reasonCode, reason, `reason for ${wrong}`);
            await gone;
        };

        await breaks(undefined, 0x81, '31000000');          // shorter than its topic
        await breaks(undefined, 0x82, '100d00044d51545405020000000000');    // second CONNECT
        await breaks(undefined, 0x95, '30ffffff7f');
        await breaks('plain', 0x9b, '3406000174000100');
        await breaks('plain', 0x9a, '310400017400');
        await breaks('plain', 0x94, '3008000174032300017800'.slice(0, 20));
    });

    await named('receive maximum', async (t) => {
        const topic = unique('window/');
        const sub = await t.connect(kind, { properties: { receiveMaximum: 3 } });
        await sub.subscribe([topic, `${topic}/end`], { qos: 1 });
        const pub = await t.connect(other);

        const held = [];
        let most = 0;
        sub.mqtt.handleMessage = (packet, callback) => {
            held.push(callback);
            most = Math.max(most, held.length);
            setImmediate(() => held.shift()());
        };

        const sent = numbers(100);
        await Promise.all(sent.map((n) => pub.publish(topic, n, { qos: 1 })));
        is(texts(await sub.take(100)), sent, 'messages');
        ok(most <= 3, `${most} at a time`);
    });

    await named('session expiry at DISCONNECT', async (t) => {
        const clientId = unique('short-');
        const c = await t.connect(kind, { clientId, ...lasting(5) });
        await c.end({ sessionExpiryInterval: 0 });
        const again = await t.connect(kind, { clientId, ...lasting(5) });
        is(again.connack.sessionPresent, false, 'session present');
        is(again.connack.properties.sessionExpiryInterval ?? 300, 300, 'session expiry');
    });
}


(async () => {
    await Promise.all(kinds.filter((k) => k.version === 5).map(five));
    done();
})();
