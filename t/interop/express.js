'use strict';

// @azure/web-pubsub-express behind NGINX: the example's application in a
// process of its own for the hub "chat", and one in here that uses all that the
// package has for "office".  The one of "shut" does not want to hear of us.
// @azure/web-pubsub makes tokens for "office".

const { spawn } = require('node:child_process');
const { createHmac } = require('node:crypto');
const { once } = require('node:events');
const http = require('node:http');
const path = require('node:path');
const readline = require('node:readline');
const express = require('express');
const { WebPubSubServiceClient } = require('@azure/web-pubsub');
const { WebPubSubEventHandler } = require('@azure/web-pubsub-express');
const { kinds, test, done, is, ok, unique, url, within, command, lasting,
        numbers } = require('./lib');

const host = process.env.APP_HOST;
const EVENTS = '$webpubsub/server/events';


// What comes in one by one, until somebody looks for it.

class Heard {

    constructor() {
        this.all = [];
        this.waiting = new Set();
    }

    add(one) {
        this.all.push(one);
        for (const look of this.waiting) {
            look();
        }
    }

    find(wanted, what) {
        const found = new Promise((resolve) => {
            const look = () => {
                const i = this.all.findIndex(wanted);
                if (i >= 0) {
                    this.waiting.delete(look);
                    resolve(this.all.splice(i, 1)[0]);
                }
            };
            this.waiting.add(look);
            look();
        });

        return within(found, () => what);
    }
}


// ---- the application of the example

const said = new Heard();

async function startExample() {
    const script = path.join(__dirname, '../../conf.examples/web-pubsub.js');
    const app = spawn(process.execPath, [script], {
        env: { ...process.env, HOST: host, PORT: process.env.APP_CHAT,
               NODE_PATH: path.join(__dirname, 'node_modules') },
        stdio: ['ignore', 'pipe', 'inherit'],
    });

    readline.createInterface({ input: app.stdout }).on('line', (line) => said.add(line));
    await line(`listening on ${host}:${process.env.APP_CHAT}`);
    return app;
}

function line(text) {
    return said.find((l) => l === text, `the line "${text}"`);
}


// ---- the application of office

const heard = new Heard();
const methods = [];

function hear(what, request) {
    heard.add(structuredClone({ ...request, what }));
}


const office = new WebPubSubEventHandler('office', {
    path: '/office',
    allowedEndpoints: ['https://other.example:8443', `http://mqtt.example`, 'https://last.example'],

    handleConnect(request, response) {
        hear('connect', request);

        const { protocolVersion, username } = request.mqtt;
        const [, how, code] = /^(\D+)(\d*)$/.exec(username || '') || [];

        if (how === 'fail') {
            response.fail(Number(code), 'because');

        } else if (how === 'code') {
            response.failWith({ mqtt: {
                code: Number(code), reason: 'because',
                userProperties: [{ name: 'a', value: '1' }, { name: 'a', value: 'ä' }],
            } });

        } else if (how === 'plain') {
            response.success();

        } else {
            response.setState('version', protocolVersion);
            response.success({
                userId: username, subprotocol: 'mqtt', groups: ['one', 'two/+'],
                roles: ['webpubsub.sendToGroup', 'webpubsub.joinLeaveGroup.three'],
                mqtt: { userProperties: [{ name: 'a', value: 'é' }, { name: '', value: '' }] },
            });
        }
    },

    onConnected: (request) => hear('connected', request),
    onDisconnected: (request) => hear('disconnected', request),

    handleUserEvent(request, response) {
        hear('user', request);

        switch (request.context.eventName) {
        case 'echo':
            response.success(request.dataType === 'json' ? JSON.stringify(request.data)
                                                         : request.data, request.dataType);
            break;
        case 'nothing':
            response.success();
            break;
        case 'fail':
            response.fail(Number(request.data), 'because');
            break;
        case 'throw':
            throw new Error('because');
        case 'state':
            response.setState('count', (request.context.states.count ?? 0) + 1);
            response.success(JSON.stringify(request.context.states), 'json');
            break;
        }
    },
});

const shut = new WebPubSubEventHandler('shut', {
    path: '/shut',
    allowedEndpoints: ['https://mqtt.example.com', 'https://xmqtt.example'],
});

// no path, and nobody who judges a CONNECT

const rooms = ['room1', 'room2'].map((name) => new WebPubSubEventHandler(name, {
    handleUserEvent(request, response) {
        response.success(`${name}: ${request.context.hub}, ${request.context.eventName}`);
    },
}));

function startOffice() {
    const app = express();

    app.use((request, response, next) => {
        methods.push(`${request.method} ${request.path}`);
        next();
    });
    app.use([office, shut, ...rooms].map((handler) => handler.getMiddleware()));
    app.use((error, request, response, next) => {
        response.status(500).type('text').send(error.message);
    });

    return new Promise((resolve) => {
        const server = app.listen(process.env.APP_OFFICE, host, () => resolve(server));
    });
}

function of(client, what) {
    const id = client.mqtt.options.clientId;

    return heard.find((e) => e.what === what && e.context.connectionId === id,
                      `"${what}" of ${id}`);
}


// ---- clients

const five = (client) => client.kind.version === 5;
const plain = (value) => value && JSON.parse(JSON.stringify(value));


// A custom event and its reply.

async function event(client, name, payload, { qos = 0, contentType } = {}) {
    const properties = { correlationData: Buffer.from(unique('c')), contentType };

    await client.publish(`${EVENTS}/${name}`, payload,
                         { qos, properties: five(client) ? properties : undefined });
    const { topic, text, payload: bytes, packet } = await client.next();

    is(packet.qos, qos, 'QoS of the reply');
    if (five(client)) {
        is(String(packet.properties.correlationData), String(properties.correlationData),
           'correlation data');
    }

    return {
        how: topic.slice(`${EVENTS}/${name}/`.length), text, bytes,
        status: packet.properties?.userProperties?.['azure-status-code'],
        type: packet.properties?.contentType,
    };
}


// What CONNACK refuses with.

async function refused(t, kind, options) {
    const c = t.open(kind, options);
    let connack;

    c.mqtt.on('packetreceive', (packet) => { connack = packet; });
    await c.refused();
    ok(connack, 'there was a CONNACK');
    return kind.version === 5
           ? [connack.reasonCode, connack.properties?.reasonString,
              plain(connack.properties?.userProperties)]
           : [connack.returnCode];
}


async function example(kind) {
    const named = (name, body) => test(`example: ${name} [${kind.name}]`, body);
    const v5 = kind.version === 5;

    await named('who may connect, and do what', async (t) => {
        const c = await t.connect(kind, { username: 'anna' });
        const id = c.mqtt.options.clientId;

        await line(`anna came as ${id}`);
        if (v5) {
            is(plain(c.connack.properties.userProperties), { greeting: 'hello anna' },
               'properties of CONNACK');
        }

        const topic = unique('chat/');
        is(await c.subscribe(topic), [0], 'SUBACK');
        is(await c.denied('other/x'), [v5 ? 135 : 128], 'SUBACK without a role');

        const d = await t.connect(kind, { username: 'ben' });
        await d.publish(topic, 'to the topic', { qos: 1 });
        await d.publish('chat/all', 'to the group', { qos: 1 });
        is((await c.take(2)).map((m) => m.text), ['to the topic', 'to the group'], 'messages');

        await c.end();
        await line(`anna left as ${id} with code 0`);
        await d.cut();
        await line(`ben left as ${d.mqtt.options.clientId} with no word`);
    });

    await named('who may not', async (t) => {
        is(await refused(t, kind, { username: 'mallory' }),
           v5 ? [138, 'banned', undefined] : [5], 'a name');
        is(await refused(t, kind, {}),
           v5 ? [135, 'a user name is needed', undefined] : [5], 'no name');
    });

    await named('a custom event, its reply, and what is kept for the next', async (t) => {
        const clientId = unique('adder-');
        const options = { clientId, username: 'anna', ...lasting(kind.version) };
        const type = 'application/json; charset=utf-8';
        const sum = (n) => ({ user: 'anna', sum: n });

        const c = await t.connect(kind, options);
        for (const [i, qos] of [0, 1, 2].entries()) {
            const r = await event(c, 'add', '1.5', { qos, contentType: 'application/json' });
            is([r.how, JSON.parse(r.text)], ['succeeded', sum(1.5 * (i + 1))], 'reply');
            is([r.status, r.type], v5 ? ['200', type] : [undefined, undefined], 'its properties');
        }

        const wrong = await event(c, 'add', 'one', { contentType: 'text/plain' });
        is([wrong.how, wrong.text, wrong.status],
           ['failed', 'numbers can be added', v5 ? '400' : undefined], 'a mistake');
        await c.end();

        // The session goes on, mostly through the other worker.
        for (const n of [5, 6, 7]) {
            const again = await t.connect(kind, options);
            is(again.connack.sessionPresent, true, 'session present');
            const r = await event(again, 'add', '0.5', { qos: 1 });
            is(JSON.parse(r.text), sum(4.5 + (n - 4) / 2), `sum ${n}`);
            await again.end();
        }

        const last = await t.connect(kind, { ...options, clean: true });
        is(JSON.parse((await event(last, 'add', '1')).text), sum(1), 'a new session');
    });
}


async function rest(kind) {
    const named = (name, body) => test(`${name} [${kind.name}]`, body);
    const v5 = kind.version === 5;
    const at = (options) => ({ hub: 'office', username: 'anna', ...options });

    await named('what "connect" tells', async (t) => {
        const c = await t.connect(kind, at({
            password: Buffer.from([0, 255, 65]),
            properties: v5 ? { userProperties: { k: ['1', 'ü'] } } : undefined,
        }));
        const id = c.mqtt.options.clientId;
        const { context, mqtt, claims, headers, subprotocols, clientCertificates }
            = await of(c, 'connect');
        const sign = (key) => `sha256=${createHmac('sha256', key).update(id).digest('hex')}`;

        is([context.hub, context.origin, context.eventName, context.clientProtocol],
           ['office', 'mqtt.example', 'connect', 'mqtt'], 'context');
        is(context.signature, `${sign('first')},${sign('second')}`, 'signature');
        is([context.userId, context.mqtt.sessionId], [undefined, undefined], 'not yet');
        is(context.states, {}, 'states');
        is([mqtt.protocolVersion, mqtt.cleanStart, mqtt.username, mqtt.password],
           [kind.version, true, 'anna', 'AP9B'], 'CONNECT');
        is(mqtt.userProperties,
           v5 ? [{ name: 'k', value: '1' }, { name: 'k', value: 'ü' }] : null, 'properties');
        is([claims, subprotocols, clientCertificates], [{}, ['mqtt'], []], 'the rest');
        const lower = Object.keys(headers).map((h) => h.toLowerCase());
        is(lower.includes('sec-websocket-key'), kind.transport === 'ws', 'headers');
    });

    await named('what an answer to "connect" gives', async (t) => {
        const c = await t.connect(kind, at());
        if (v5) {
            is(plain(c.connack.properties.userProperties), { a: 'é', '': '' }, 'properties');
        }
        await c.publish('one', 'a', { qos: 1 });
        await c.publish('two/x', 'no filter', { qos: 1 });
        is((await c.next()).text, 'a', 'message of a group');
        is(await c.subscribe('three'), [0], 'a role');
        is(await c.denied('four'), [v5 ? 135 : 128], 'no role');

        const d = await t.connect(kind, at({ username: 'plain' }));
        is(await d.denied('three'), [v5 ? 135 : 128], 'no roles');
        const { context } = await of(d, 'connected');
        is([context.userId, context.states], [undefined, {}], 'nothing given');
    });

    await named('refusals', async (t) => {
        const as = (username) => refused(t, kind, at({ username }));

        for (const [status, code, old] of [[400, 134, 4], [401, 135, 5], [500, 128, 3]]) {
            is(await as(`fail${status}`), v5 ? [code, 'because', undefined] : [old],
               `fail(${status})`);
        }

        for (const code of v5 ? [128, 132, 133, 136, 137, 138, 151, 159] : [1, 2, 3, 4, 5]) {
            is(await as(`code${code}`), v5 ? [code, 'because', { a: ['1', 'ä'] }] : [code],
               `failWith(${code})`);
        }
        is(await as(v5 ? 'code5' : 'code135'), v5 ? [128, 'because', { a: ['1', 'ä'] }] : [3],
           'a code of the other version');
    });

    await named('data of all types', async (t) => {
        const c = await t.connect(kind, at());
        const cases = [
            ['json', 'application/json', '{"a":[1,"é",null]}', 'application/json; charset=utf-8'],
            ['text', 'text/plain; charset=utf-8', 'é', 'text/plain; charset=utf-8'],
            ['binary', 'application/octet-stream', Buffer.from([0, 13, 10, 255]),
             'application/octet-stream'],
            ['binary', undefined, Buffer.alloc(100000, 'x'), 'application/octet-stream'],
            ['binary', undefined, '', 'application/octet-stream'],
        ];

        for (const [type, contentType, data, back] of cases) {
            const r = await event(c, 'echo', data, { qos: 1, contentType });
            const { dataType, context } = await of(c, 'user');
            is([dataType, context.eventName, context.userId],
               [v5 ? type : 'binary', 'echo', 'anna'], 'event');
            is([r.how, r.status, r.type],
               ['succeeded', v5 ? '200' : undefined, v5 ? back : undefined], 'reply');
            ok(r.bytes.equals(Buffer.from(data)), `the same ${type}`);
        }

        const r = await event(c, 'nothing', 'x');
        is([r.how, r.text], ['succeeded', ''], 'an empty reply');
        if (v5) {
            const other = await event(c, 'echo', 'x', { contentType: 'image/png' });
            is([other.how, other.status], ['failed', '404'], 'a type that it does not know');
        }
    });

    await named('events that fail', async (t) => {
        const c = await t.connect(kind, at());

        for (const status of ['400', '401', '500']) {
            const r = await event(c, 'fail', status);
            is([r.how, r.text, r.status], ['failed', 'because', v5 ? status : undefined],
               `fail(${status})`);
        }

        const thrown = await event(c, 'throw', '');
        is([thrown.how, thrown.text, thrown.status],
           ['failed', 'because', v5 ? '500' : undefined], 'throw');
        is((await event(c, 'echo', 'still here')).text, 'still here', 'another one');
    });

    await named('a session, from its beginning to its end', async (t) => {
        const clientId = unique('life-');
        const options = at({ clientId, ...lasting(kind.version) });

        let c = await t.connect(kind, options);
        const first = (await of(c, 'connected')).context;
        is([first.userId, first.states], ['anna', { version: kind.version }], 'connected');
        await event(c, 'state', '');
        const one = (await of(c, 'user')).context;
        await c.cut();

        c = await t.connect(kind, options);
        is(c.connack.sessionPresent, true, 'session present');
        const r = await event(c, 'state', '');
        is(JSON.parse(r.text), { version: kind.version, count: 2 }, 'state');
        const two = (await of(c, 'user')).context;
        is([one.mqtt, two.mqtt.sessionId], [first.mqtt, first.mqtt.sessionId], 'ids');
        ok(two.mqtt.physicalConnectionId !== first.mqtt.physicalConnectionId,
           'another connection');

        const end = { reasonCode: 4, properties: {
            reasonString: 'enough', sessionExpiryInterval: 0, userProperties: { k: 'v' },
        } };
        if (v5) {
            await c.mqtt.endAsync(false, end);
        } else {
            await c.end();
            (await t.connect(kind, { ...options, clean: true })).cut();
        }

        const { context, mqtt, reason } = await of(c, 'disconnected');
        is([context.userId, context.mqtt, context.states],
           ['anna', two.mqtt, { version: kind.version, count: 2 }], 'disconnected');
        is(mqtt, { initiatedByClient: true, disconnectPacket: {
            code: v5 ? 4 : 0, userProperties: v5 ? [{ name: 'k', value: 'v' }] : null,
        } }, 'DISCONNECT');
        is(reason, v5 ? 'enough' : null, 'reason');
    });

    await named('an application that does not allow our events', async (t) => {
        const c = await refused(t, kind, { hub: 'shut' });
        is(c[0], v5 ? 136 : 3, 'code');
        is(methods.filter((m) => m === 'POST /shut'), [], 'events');
    });
}


// A token as the SDK makes it, and how to connect with it through either door.

async function token(kind, options = {}) {
    const { key = 'first', hub = 'office', ...about } = options;
    const service = new WebPubSubServiceClient(
        `Endpoint=${new URL(url.ws).origin.replace('ws', 'http')};AccessKey=${key};Version=1.0;`,
        hub, { allowInsecureConnection: true });
    const made = await service.getClientAccessToken({ clientProtocol: 'mqtt', ...about });

    return kind.transport === 'ws' ? { to: made.url.replace(`/${hub}?`, '/office?') }
                                   : { hub: 'office', password: made.token };
}


// The status of a WebSocket handshake, which MQTT.js does not tell.

function handshake(to) {
    const request = http.get(to.replace('ws', 'http'), { headers: {
        'Connection': 'Upgrade', 'Upgrade': 'websocket', 'Sec-WebSocket-Version': '13',
        'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==', 'Sec-WebSocket-Protocol': 'mqtt',
    } });

    const status = new Promise((resolve, reject) => {
        request.on('error', reject);
        request.on('response', (response) => resolve(response.statusCode));
        request.on('upgrade', (response) => resolve(response.statusCode));
    });

    return within(status.finally(() => request.destroy()), () => 'a handshake');
}


async function tokens(kind) {
    const named = (name, body) => test(`${name} [${kind.name}]`, body);
    const v5 = kind.version === 5;
    const about = {
        userId: 'tina', groups: ['team/a', 'team/b'],
        roles: ['webpubsub.joinLeaveGroup.news', 'webpubsub.sendToGroups.team/**'],
    };

    await named('a token of the SDK', async (t) => {
        for (const key of ['first', 'second']) {
            const c = await t.connect(kind, { username: 'plain',
                                              ...await token(kind, { ...about, key }) });
            const { claims } = await of(c, 'connect');

            is([claims.sub, claims.role, claims['webpubsub.group']],
               [['tina'], about.roles, about.groups], 'claims');
            const { context } = await of(c, 'connected');
            is(context.userId, 'tina', 'user id');
            is(await c.subscribe('news'), [0], 'a role');
            is(await c.denied('other'), [v5 ? 135 : 128], 'no role');
            await c.publish('team/b', 'x', { qos: 1 });
            is((await c.next()).topic, 'team/b', 'a group');
        }
    });

    await named('the application has the last word over a token', async (t) => {
        const c = await t.connect(kind, { username: 'otto', ...await token(kind, about) });

        is((await of(c, 'connected')).context.userId, 'otto', 'user id');
        is(await c.subscribe('three'), [0], 'a role');
        is(await c.denied('news'), [v5 ? 135 : 128], 'no role');
        is(await refused(t, kind, { username: 'fail401', ...await token(kind, about) }),
           v5 ? [135, 'because', undefined] : [5], 'a refusal');
    });

    await named('tokens that are none for us', async (t) => {
        for (const wrong of [{ key: 'third' }, { hub: 'chat' }]) {
            const options = { username: 'plain', ...await token(kind, { ...about, ...wrong }) };

            if (kind.transport === 'ws') {
                is((await t.open(kind, options).refused()).message, 'closed without CONNACK',
                   'MQTT.js');
                is(await handshake(options.to), 401, 'status');
            } else {
                is((await refused(t, kind, options))[0], v5 ? 135 : 5, 'CONNACK');
            }
        }
    });
}


(async () => {
    let app = await startExample();
    const server = await startOffice();

    for (const kind of kinds) {
        await example(kind);
        await rest(kind);
        await tokens(kind);
    }

    await test('the application is asked once', async () => {
        is(methods.filter((m) => m === 'OPTIONS /office').length, 1, 'OPTIONS');
        ok(methods.includes('OPTIONS /shut'), 'the other one, too');
    });

    await test('hubs without a block, at the paths that the package has by itself', async (t) => {
        for (const hub of ['room1', 'room2', 'room2', 'room1']) {
            const c = await t.connect(kinds[1], { hub });
            is((await event(c, 'hello', '')).text, `${hub}: ${hub}, hello`, 'reply');
        }
        is(methods.filter((m) => /OPTIONS.*room/.test(m)),
           ['OPTIONS /api/webpubsub/hubs/room1/validate'], 'OPTIONS');
    });

    await test('many events at a time, and a reload meanwhile', async (t) => {
        const clients = [];
        for (const n of numbers(16)) {
            clients.push(await t.connect(kinds[n % 4], { hub: 'office', username: `u${n}` }));
        }

        const send = () => Promise.all(clients.flatMap((c, i) => numbers(20).map(() =>
            c.publish(`${EVENTS}/state`, '', { qos: i % 3 }))));
        await send();
        await command('reload');
        await send();

        for (const c of clients) {
            const counts = (await c.take(40)).map((m) => JSON.parse(m.text).count);
            is(counts, numbers(40, 1).map(Number), `states of ${c.mqtt.options.username}`);
        }
    });

    await test('a worker dies', async (t) => {
        const clients = [];
        for (const n of numbers(12)) {
            const kind = kinds[n % 4];
            clients.push(await t.connect(kind, {
                hub: 'office', username: `k${n}`, clientId: unique('k-'),
                ...(n % 3 ? {} : lasting(kind.version)),
            }));
            await event(clients.at(-1), 'state', '');
        }

        await command('kill');
        const replies = await Promise.all(clients.map((c) => c.closed ? null : Promise.race([
            once(c.mqtt, 'close').then(() => null),
            event(c, 'state', '').catch(() => null),
        ])));

        const lost = clients.filter((c) => c.closed);
        ok(lost.length > 0 && lost.length < clients.length, `${lost.length} connections lost`);
        for (const [i, c] of clients.entries()) {
            const { username, clientId, clean } = c.mqtt.options;

            if (!c.closed) {
                is(JSON.parse(replies[i].text).count, 2, `state of ${username}`);

            } else if (clean) {
                const { context, mqtt } = await of(c, 'disconnected');
                is([context.userId, context.states.count, mqtt],
                   [username, 1, { initiatedByClient: false, disconnectPacket: null }],
                   'disconnected');

            } else {
                await of(c, 'connect');
                const again = await t.connect(c.kind, { hub: 'office', username: 'other', clientId,
                                                        ...lasting(c.kind.version) });
                is(again.connack.sessionPresent, true, 'session present');
                is((await of(again, 'connect')).context.userId, username, 'its user');
                is(JSON.parse((await event(again, 'state', '')).text).count, 2, 'its state');
            }
        }
    });

    await test('the example goes away and comes back', async (t) => {
        const clients = [];
        for (const kind of kinds) {
            clients.push(await t.connect(kind, { username: 'anna' }));
            is(JSON.parse((await event(clients.at(-1), 'add', '1')).text).sum, 1, 'before');
        }

        const gone = once(app, 'exit');
        app.kill();
        await gone;
        for (const c of clients) {
            const r = await event(c, 'add', '1', { qos: 2 });
            is([r.how, r.status], ['failed', five(c) ? '502' : undefined], 'reply meanwhile');
            is((await refused(t, c.kind, { username: 'anna' }))[0], five(c) ? 136 : 3,
               'CONNACK meanwhile');
        }

        app = await startExample();
        for (const c of clients) {
            is(JSON.parse((await event(c, 'add', '1')).text).sum, 2, 'afterwards');
        }
    });

    app.kill();
    server.close();
    done();
})();
