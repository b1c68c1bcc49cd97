'use strict';

// MQTT.js with all that 3.1.1 and 5.0 have in common, over WebSocket and TCP.

const { kinds, test, done, is, ok, unique, numbers, lasting, within } = require('./lib');

const texts = (messages) => messages.map((m) => m.text);

// QoS 2 is handed out later than QoS 1, so each is in order by itself.

function same_order(messages, sent, what) {
    for (const qos of [0, 1, 2]) {
        is(texts(messages.filter((m) => m.packet.qos === qos)),
           sent.filter((n) => n % 3 === qos), `${what}, QoS ${qos}`);
    }
}

const others = (kind) => kinds.filter((k) => k !== kind);


async function common(kind) {
    const named = (name, body) => test(`${name} [${kind.name}]`, body);

    await named('every QoS to every QoS', async (t) => {
        const pub = await t.connect(kind);

        for (const wanted of [0, 1, 2]) {
            const topic = unique('qos/');
            const sub = await t.connect(kind);
            is(await sub.subscribe(topic, { qos: wanted }), [wanted], 'SUBACK');

            for (const qos of [0, 1, 2]) {
                await pub.publish(topic, `qos ${qos}`, { qos });
            }

            const got = await sub.take(3);
            is(texts(got), ['qos 0', 'qos 1', 'qos 2'], 'messages');
            is(got.map((m) => m.packet.qos), [0, 1, 2].map((q) => Math.min(q, wanted)),
               'their QoS');
        }
    });

    await named('wildcards, levels, payloads', async (t) => {
        const c = await t.connect(kind);
        const top = unique('w');

        await c.subscribe([`${top}/+/end`, `${top}/deep/#`], { qos: 1 });
        await c.publish(`${top}/a/end`, '1', { qos: 1 });
        await c.publish(`${top}/a/b/end`, 'nobody', { qos: 1 });
        await c.publish(`${top}/deep`, '', { qos: 1 });
        await c.publish(`${top}/deep/é/深い/`, 'ü', { qos: 1 });
        await c.publish(`${top}//end`, Buffer.from([0, 255, 0]), { qos: 1 });

        const got = await c.take(4);
        is(got.map((m) => m.topic.slice(top.length)),
           ['/a/end', '/deep', '/deep/é/深い/', '//end'], 'topics');
        is(got.map((m) => m.payload.toString('hex')), ['31', '', 'c3bc', '00ff00'],
           'payloads');
    });

    await named('no messages after UNSUBSCRIBE', async (t) => {
        const c = await t.connect(kind);
        const topic = unique('un/');

        await c.subscribe([topic, `${topic}/end`], { qos: 1 });
        await c.publish(topic, '1', { qos: 1 });
        await c.mqtt.unsubscribeAsync(topic);
        await c.publish(topic, '2', { qos: 1 });
        await c.publish(`${topic}/end`, 'end', { qos: 1 });
        is(texts(await c.until('end')), ['1'], 'messages');
    });

    await named('retained messages', async (t) => {
        const c = await t.connect(kind);
        const topic = unique('retained/');

        await c.publish(topic, 'kept', { qos: 1, retain: true });

        for (const other of kinds) {
            const sub = await t.connect(other);
            await sub.subscribe(`${topic}/#`, { qos: 2 });
            const { text, packet } = await sub.next();
            is([text, packet.retain, packet.qos], ['kept', true, 1], other.name);

            await c.publish(topic, 'live', { qos: 2, retain: true });
            const live = await sub.next();
            is([live.text, live.packet.retain], ['live', false], `live to ${other.name}`);
            await c.publish(topic, 'kept', { qos: 1, retain: true });
        }

        await c.publish(topic, '', { qos: 1, retain: true });
        const late = await t.connect(kind);
        await late.subscribe([topic, `${topic}/end`], { qos: 1 });
        await c.publish(`${topic}/end`, 'end', { qos: 1 });
        is(await late.until('end'), [], 'after it was removed');
    });

    await named('will, when the connection breaks and only then', async (t) => {
        const topic = unique('will/');
        const watch = await t.connect(others(kind)[0]);
        await watch.subscribe(topic, { qos: 2 });

        const with_will = (text) => t.connect(kind, {
            will: { topic, payload: Buffer.from(text), qos: 2, retain: true },
        });

        const polite = await with_will('polite');
        const broken = await with_will('broken');
        await polite.end();
        await broken.cut();

        const first = await watch.next();
        is([first.text, first.packet.qos, first.packet.retain], ['broken', 2, false],
           'the will');

        const late = await t.connect(kind);
        await late.subscribe(topic, { qos: 1 });
        is((await late.next()).text, 'broken', 'the will, retained');
        await late.publish(topic, '', { retain: true, qos: 1 });
    });

    await named('a session outlives its connection', async (t) => {
        const clientId = unique('session-');
        const topic = unique('offline/');
        const options = () => ({ clientId, ...lasting(kind.version) });
        const pub = await t.connect(others(kind)[1]);

        let sub = await t.connect(kind, options());
        is(sub.connack.sessionPresent, false, 'session present at first');
        await sub.subscribe(topic, { qos: 2 });
        await sub.end();

        const sent = numbers(60).filter((n) => n % 3);
        for (const n of sent) {
            await pub.publish(topic, n, { qos: n % 3 });
        }

        sub = await t.connect(kind, { resubscribe: false, ...options() });
        is(sub.connack.sessionPresent, true, 'session present');
        same_order(await sub.take(sent.length), sent, 'what came meanwhile');
        await sub.end();

        sub = await t.connect(kind, { clientId, clean: true });
        is(sub.connack.sessionPresent, false, 'session present after a clean start');
        await pub.publish(topic, 'nobody', { qos: 1 });
        await sub.end();

        sub = await t.connect(kind, options());
        is(sub.connack.sessionPresent, false, 'session present after a clean session');
        await sub.subscribe(`${topic}/end`, { qos: 1 });
        await pub.publish(`${topic}/end`, 'end', { qos: 1 });
        is(await sub.until('end'), [], 'messages for the old session');
    });

    await named('a subscriber whose connection breaks loses nothing', async (t) => {
        const topic = unique('broken/');
        const pub = await t.connect(others(kind)[2]);
        const sub = await t.connect(kind, {
            reconnectPeriod: 1, resubscribe: false, ...lasting(kind.version),
        });
        await sub.subscribe(topic, { qos: 2 });

        const sent = numbers(240);
        let broken = 0;
        sub.mqtt.on('message', (topic, payload) => {
            if (payload % 30 === 10 && payload / 30 > broken) {
                broken++;
                sub.mqtt.stream.destroy();
            }
        });

        for (let part = 0; part < sent.length; part += 30) {
            await Promise.all(sent.slice(part, part + 30)
                                  .map((n) => pub.publish(topic, n, { qos: 2 })));
        }
        await pub.publish(topic, 'end', { qos: 2 });

        is(texts(await sub.until('end')), sent, 'messages of QoS 2');
        is(broken, 8, 'times it broke its connection');
        ok(sub.closed >= 3, `${sub.closed} connections broken`);
    });

    await named('a publisher whose connection breaks loses nothing', async (t) => {
        const topic = unique('breaking/');
        const sub = await t.connect(others(kind)[0]);
        const pub = await t.connect(kind, {
            reconnectPeriod: 1, ...lasting(kind.version),
        });
        await sub.subscribe(topic, { qos: 2 });

        // The answer to a PUBREL sent again may be that it had done its work, which
        // is not an error then; MQTT.js lets its caller know.
        const recovered = (e) => {
            if (e.code !== 0x92) {
                throw e;
            }
        };

        for (let part = 0; part < 5; part++) {
            const sent = numbers(40, part * 40);
            const acknowledged = sent.map((n, i) => pub.mqtt.publishAsync(topic, n,
                                                        { qos: 1 + i % 2 })
                                                 .catch(recovered));
            await within(acknowledged[part * 8], () => 'an acknowledgement');
            pub.mqtt.stream.destroy();
            await within(Promise.all(acknowledged), () => `part ${part}`);
        }
        await pub.publish(topic, 'end', { qos: 2 });

        const got = texts(await sub.until('end'));
        is([...new Set(got)].sort((a, b) => a - b), numbers(200), 'messages');

        const twice = got.filter((n, i) => got.indexOf(n) !== i);
        is(twice.filter((n) => n % 2), [], 'messages of QoS 2 that came twice');
    });

    await named('a client id that connects again', async (t) => {
        const clientId = unique('twice-');
        const topic = unique('takeover/');
        const pub = await t.connect(kind);

        let last;
        for (const other of [kind, ...others(kind), kind]) {
            const next = t.open(other, { clientId, ...lasting(other.version) });
            const gone = last?.event('close');
            const told = last?.kind.version === 5 ? last.event('disconnect') : null;
            const connack = await next.connected();
            is(connack.sessionPresent, Boolean(last), 'session present');

            if (!last) {
                await next.subscribe(topic, { qos: 1 });
            }
            await gone;
            if (told) {
                is((await told).reasonCode, 0x8e, 'reason of DISCONNECT');
            }

            await pub.publish(topic, other.name, { qos: 1 });
            // The last one's acknowledgement may come too late.
            const before = await next.until(other.name);
            is(before.filter((m) => !m.packet.dup).length, 0, 'other messages');
            last = next;
        }
    });

    await named('shared subscription', async (t) => {
        const topic = unique('shared/');
        const pub = await t.connect(kind);
        const group = [];
        for (const other of kinds) {
            const member = await t.connect(other);
            await member.subscribe([`$share/g/${topic}`, `${topic}/end`], { qos: 1 });
            group.push(member);
        }
        const alone = await t.connect(kind);
        await alone.subscribe([topic, `${topic}/end`], { qos: 1 });

        const sent = numbers(200);
        for (const n of sent) {
            await pub.publish(topic, n, { qos: 1 });
        }
        await pub.publish(`${topic}/end`, 'end', { qos: 1 });

        const got = [];
        for (const member of group) {
            const part = texts(await member.until('end'));
            ok(part.length > 0, 'each member gets some');
            is(part, [...part].sort((a, b) => a - b), 'order of a member');
            got.push(...part);
        }
        is(got.sort((a, b) => a - b), sent, 'all of them');
        is(texts(await alone.until('end')), sent, 'a subscription that is not shared');
    });

    await named('a megabyte', async (t) => {
        const topic = unique('big/');
        const payload = Buffer.alloc(1 << 20);
        for (let i = 0; i < payload.length; i++) {
            payload[i] = i * 7 + (i >> 9);
        }

        const pub = await t.connect(kind);
        for (const other of kinds) {
            const sub = await t.connect(other);
            await sub.subscribe(topic, { qos: 2 });

            for (const qos of [0, 1, 2]) {
                await pub.publish(topic, payload, { qos });
                const got = await sub.next();
                ok(payload.equals(got.payload), `QoS ${qos} to ${other.name} is the same`);
            }
            sub.mqtt.end(true);
        }
    });

    await named('a connection without messages is kept alive', async (t) => {
        const c = await t.connect(kind, { keepalive: 1 });
        let pings = 0;

        await new Promise((resolve, reject) => {
            c.mqtt.on('packetreceive', (packet) => {
                if (packet.cmd === 'pingresp' && ++pings === 3) {
                    resolve();
                }
            });
            c.mqtt.on('close', () => reject(new Error('closed')));
        });
    });

    await named('who may not come in is told so', async (t) => {
        const c = t.open(kind, { hub: 'closed' });
        is((await c.refused()).code, kind.version === 5 ? 0x87 : 5, 'code');
    });

    await named('who may not subscribe is told so', async (t) => {
        const c = await t.connect(kind, { hub: 'deaf' });
        is(await c.denied('t', { qos: 1 }), [kind.version === 5 ? 0x87 : 0x80], 'codes in SUBACK');
        await c.publish('t', 'x', { qos: 1 });
    });

    await named('every other kind of client', async (t) => {
        const topic = unique('mixed/');
        const subs = [];
        for (const other of kinds) {
            const sub = await t.connect(other);
            await sub.subscribe(`${topic}/#`, { qos: 2 });
            subs.push(sub);
        }

        const pub = await t.connect(kind);
        const sent = numbers(90);
        await Promise.all(sent.map((n) => pub.publish(`${topic}/${n}`, n, { qos: n % 3 })));

        for (const sub of subs) {
            same_order(await sub.take(90), sent, sub.kind.name);
        }
    });
}


(async () => {
    await Promise.all(kinds.map(common));
    done();
})();
