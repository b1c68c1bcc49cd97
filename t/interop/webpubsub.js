'use strict';

// @azure/web-pubsub-client as it comes from npm, with tokens of
// @azure/web-pubsub, beside MQTT.js.  Whose connection is to be cut goes through
// a proxy here, which drops it in the middle of what it forwards.

const net = require('node:net');
const { once } = require('node:events');
const { WebPubSubClient, WebPubSubJsonProtocol,
        WebPubSubJsonReliableProtocol } = require('@azure/web-pubsub-client');
const { WebPubSubServiceClient } = require('@azure/web-pubsub');
const { kinds, test, done, is, ok, fail, unique, within, command,
        numbers } = require('./lib');

const [host, port] = process.env.HTTP.split(':');
const CUTS = 100;

const service = new WebPubSubServiceClient(
    `Endpoint=http://${host}:${port};AccessKey=primarykey;Version=1.0;`, 'chat',
    { allowInsecureConnection: true });


// ---- a connection that breaks

class Proxy {

    constructor() {
        this.pairs = new Set();
        this.cuts = 0;
        this.left = { up: Infinity, down: Infinity };
        this.server = net.createServer((client) => this.accept(client));
    }

    async listen() {
        this.server.listen(0, host);
        await once(this.server, 'listening');
        return this.server.address().port;
    }

    accept(client) {
        const server = net.connect(port, host);
        const pair = { client, server };
        this.pairs.add(pair);

        for (const [from, to, way] of [[client, server, 'up'], [server, client, 'down']]) {
            from.on('data', (data) => this.forward(pair, to, way, data));
            from.on('error', () => {});
            from.on('close', () => { this.pairs.delete(pair); to.end(); });
        }
    }

    // all of it, or what is left until the cut

    forward(pair, to, way, data) {
        this.left[way] -= data.length;

        if (this.left[way] >= 0) {
            to.write(data);
            return;
        }

        const part = data.subarray(0, data.length + this.left[way]);
        this.left[way] = Infinity;
        this.pairs.delete(pair);

        to.write(part, () => {
            pair.client.destroy();
            pair.server.resetAndDestroy();
            this.cuts++;
            this.cut?.();
        });
    }

    // the connection ends behind so many more bytes in a direction

    after(way, bytes) {
        return new Promise((resolve) => {
            this.cut = resolve;
            this.left[way] = bytes;
        });
    }

    close() {
        this.server.close();
        for (const { client, server } of this.pairs) {
            client.destroy();
            server.destroy();
        }
    }
}


// ---- a client

class Client {

    constructor(url, protocol) {
        this.messages = [];
        this.heard = { connected: 0, disconnected: 0, stopped: 0 };
        this.client = new WebPubSubClient({ getClientAccessUrl: url }, {
            protocol: protocol === 'json' ? WebPubSubJsonProtocol()
                                          : WebPubSubJsonReliableProtocol(),
            messageRetryOptions: { maxRetries: 100000, retryDelayInMs: 5, mode: 'Fixed' },
        });

        for (const name of ['group-message', 'server-message']) {
            this.client.on(name, ({ message }) => {
                this.messages.push(message);
                this.waiting?.();
            });
        }

        for (const name of Object.keys(this.heard)) {
            this.client.on(name, (e) => {
                this.heard[name]++;
                this.last = e;
                this.happened?.();
            });
        }
    }

    async start() {
        await within(this.client.start(), () => 'the start of a client');
        await this.event('connected');
    }

    async event(name, count = 1) {
        const enough = async () => {
            while (this.heard[name] < count) {
                await new Promise((resolve) => { this.happened = resolve; });
            }
        };
        await within(enough(), () => `"${name}"`);
        return this.last;
    }

    async take(count, ms) {
        const enough = async () => {
            while (this.messages.length < count) {
                await new Promise((resolve) => { this.waiting = resolve; });
            }
        };
        await within(enough(), () => `message ${this.messages.length + 1} of ${count}`, ms);
        return this.messages.splice(0, count);
    }

    async next() {
        return (await this.take(1))[0];
    }
}


// An MQTT client with a token as its password.

async function mqtt(t) {
    const { token } = await service.getClientAccessToken({ roles: everything,
                                                           clientProtocol: 'mqtt' });
    return t.connect(kinds[3], { username: 'mqtt', password: token });
}


const everything = ['webpubsub.joinLeaveGroup', 'webpubsub.sendToGroup'];

async function address(options = {}) {
    return (await service.getClientAccessToken({ roles: everything, ...options })).url;
}

async function connect(t, protocol, options) {
    const client = new Client(await address(options), protocol);
    t.clients.push(client);
    await client.start();
    return client;
}

function webpubsub(name, body) {
    return test(name, async (t) => {
        t.clients = [];
        try {
            await body(t);
        } finally {
            t.clients.forEach(({ client }) => client.stop());
        }
    });
}

async function throughProxy(t, options) {
    const proxy = new Proxy();
    const at = await proxy.listen();
    const url = (await address(options)).replace(`:${port}/`, `:${at}/`);
    const client = new Client(url);
    t.clients.push(client);
    await client.start();
    return [client, proxy];
}


// A cut, unless the publisher has failed.

function cut(proxy, way, bytes, sent, i) {
    const failed = sent.then(() => new Promise(() => {}));
    return within(Promise.race([proxy.after(way, bytes), failed]), () => `cut ${i + 1}`);
}


// Every number once, and in order.

function inOrder(got, count) {
    const wrong = got.findIndex((n, i) => n !== i);
    ok(wrong < 0, `message ${wrong} is ${got[wrong]}`);
    is(got.length, count, 'messages');
}


(async () => {
    for (const protocol of ['json', 'reliable']) {

        await webpubsub(`${protocol}: who is there`, async (t) => {
            const a = await connect(t, protocol, { userId: 'anna' });
            is(a.last.userId, 'anna', 'user');
            ok(/^[0-9a-f]{32}$/.test(a.last.connectionId), `id ${a.last.connectionId}`);
            a.client.stop();
            await a.event('stopped');
            is(a.heard, { connected: 1, disconnected: 1, stopped: 1 }, 'events');
        });

        await webpubsub(`${protocol}: groups and types of data`, async (t) => {
            const group = unique('a/b ');
            const a = await connect(t, protocol, { userId: 'anna' });
            const b = await connect(t, protocol, { userId: 'ben' });
            await a.client.joinGroup(group);

            await b.client.sendToGroup(group, 'ä "text"', 'text');
            const text = await a.next();
            is([text.group, text.dataType, text.data, text.fromUserId],
               [group, 'text', 'ä "text"', 'ben'], 'text');

            await b.client.sendToGroup(group, { a: [1, 2.5, null] }, 'json');
            is((await a.next()).data, { a: [1, 2.5, null] }, 'json');

            await b.client.sendToGroup(group, new Uint8Array([0, 255, 10]).buffer, 'binary');
            const binary = await a.next();
            is([binary.dataType, [...new Uint8Array(binary.data)]],
               ['binary', [0, 255, 10]], 'binary');

            await a.client.sendToGroup(group, 'to others', 'text', { noEcho: true });
            await a.client.sendToGroup(group, 'to all', 'text');
            is((await a.next()).data, 'to all', 'echo');

            await a.client.leaveGroup(group);
            await b.client.sendToGroup(group, 'late', 'text');
            await a.client.joinGroup(group);
            await b.client.sendToGroup(group, 'again', 'text');
            is((await a.next()).data, 'again', 'after the group was left');
        });

        await webpubsub(`${protocol}: acks`, async (t) => {
            const a = await connect(t, protocol, { roles: ['webpubsub.joinLeaveGroup.mine'] });
            const first = await a.client.joinGroup('mine', { ackId: 7 });
            is([first.ackId, first.isDuplicated], [7, false], 'first');
            const second = await a.client.joinGroup('mine', { ackId: 7 });
            is(second.isDuplicated, true, 'second');

            const once = new Client(await address({ roles: [] }), protocol);
            once.client._messageRetryPolicy._retryOptions.maxRetries = 0;
            t.clients.push(once);
            await once.start();
            const e = await once.client.sendToGroup('mine', 'x', 'text')
                                       .then(() => fail('no error'), (error) => error);
            is(e.errorDetail && e.errorDetail.name, 'Forbidden', 'name of the error');
        });

        await webpubsub(`${protocol}: MQTT on the other side`, async (t) => {
            const topic = unique('cross/');
            const a = await connect(t, protocol);
            const m = await mqtt(t);
            await a.client.joinGroup(topic);
            await m.subscribe(topic, { qos: 1 });

            await m.publish(topic, '{"a":1}',
                            { qos: 1, properties: { contentType: 'application/json' } });
            const json = await a.next();
            is([json.dataType, json.data], ['json', { a: 1 }], 'from MQTT');
            is((await m.next()).text, '{"a":1}', 'its echo');

            await a.client.sendToGroup(topic, 'text', 'text');
            const text = await m.next();
            is([text.text, text.packet.properties.contentType, text.packet.qos],
               ['text', 'text/plain', 1], 'to MQTT');
        });
    }

    await webpubsub(`a subscriber is cut ${CUTS} times`, async (t) => {
        const group = unique('cut');
        const [sub, proxy] = await throughProxy(t);
        const pub = await connect(t, 'reliable');
        const m = await mqtt(t);
        await sub.client.joinGroup(group);
        const id = sub.last.connectionId;

        const COUNT = 5000;
        const sent = (async () => {
            for (let n = 0; n < COUNT; n += 2) {
                await pub.client.sendToGroup(group, n, 'json');
                await m.publish(group, String(n + 1),
                                { qos: 1, properties: { contentType: 'application/json' } });
            }
        })();

        for (let i = 0; i < CUTS; i++) {
            await cut(proxy, 'down', 50 + (i * 37) % 5000, sent, i);
        }

        await sent;
        const got = (await sub.take(COUNT, 30000)).map((message) => message.data);
        await new Promise((resolve) => setTimeout(resolve, 100));
        inOrder(got.concat(sub.messages.map((message) => message.data)), COUNT);
        is(proxy.cuts, CUTS, 'cuts');
        is(sub.heard, { connected: 1, disconnected: 0, stopped: 0 }, 'events');
        is(sub.client._connectionId, id, 'connection');
        proxy.close();
    });

    await webpubsub(`a publisher is cut ${CUTS} times`, async (t) => {
        const group = unique('cut');
        const [pub, proxy] = await throughProxy(t);
        const sub = await connect(t, 'reliable');
        await sub.client.joinGroup(group);

        let sending = true;
        let n = 0;
        const sent = (async () => {
            while (sending) {
                await pub.client.sendToGroup(group, n++, 'json', { ackId: n });
            }
        })();

        for (let i = 0; i < CUTS; i++) {
            const way = i % 2 ? 'up' : 'down';
            await cut(proxy, way, 1500 + (i * 37) % 1000, sent, i);
        }

        sending = false;
        await within(sent, () => 'the last ack');
        const got = (await sub.take(n, 30000)).map((message) => message.data);
        await new Promise((resolve) => setTimeout(resolve, 100));
        inOrder(got.concat(sub.messages.map((message) => message.data)), n);
        is(proxy.cuts, CUTS, 'cuts');
        is(pub.heard, { connected: 1, disconnected: 0, stopped: 0 }, 'events');
        proxy.close();
    });

    await webpubsub('a reload and a killed worker on the way', async (t) => {
        const group = unique('way');
        const sub = await connect(t, 'reliable');
        const pub = await connect(t, 'reliable');
        await sub.client.joinGroup(group);
        const [COUNT, got] = [300, []];

        for (let n = 0; n < COUNT; n++) {
            await pub.client.sendToGroup(group, n, 'json', { ackId: n + 1 });
            if (n === 100) {
                await command('reload');
            }
            if (n === 200) {
                await command('kill');
            }
        }

        got.push(...(await sub.take(COUNT)).map((message) => message.data));
        inOrder(got, COUNT);
    });

    done();
})();
