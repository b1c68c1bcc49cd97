'use strict';

// What the scripts rest-*.js share: clients of @azure/web-pubsub that stay at
// one worker, and MQTT.js clients of which there is one at each.

const { once } = require('node:events');
const http = require('node:http');
const net = require('node:net');
const { WebPubSubServiceClient } = require('@azure/web-pubsub');
const { kinds, url, test, is, ok, fail, command } = require('./lib');

const endpoint = process.env.MQTT_HTTP;
const MESSAGES = '$webpubsub/server/messages';

const TYPES = { text: 'text/plain', json: 'application/json',
                binary: 'application/octet-stream' };


// A service as an application makes it; hub and options may be left out.

function service(hub = 'chat', options = {}, key = 'primarykey') {
    return new WebPubSubServiceClient(`Endpoint=${endpoint};AccessKey=${key};Version=1.0;`, hub,
                                      { allowInsecureConnection: true, ...options });
}


// Its requests go through one connection, to the worker that accepted that.
// What came back last is in "answer".

class Pinned {

    constructor(hub) {
        const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
        const policy = {
            name: 'pinned',
            sendRequest: async (request, next) => {
                request.agent = agent;
                const response = await next(request);
                const worker = response.headers.get('x-worker');
                this.answer = response;
                this.worker ??= worker;
                is(worker, this.worker, 'the worker of a kept connection');
                return response;
            },
        };

        this.service = service(hub, { additionalPolicies: [{ policy, position: 'perRetry' }] });
    }
}

let pinned;

const spares = { ws: [], tcp: [] };

// one for each of the two workers

async function services() {
    while (!pinned || pinned[0].worker === pinned[1].worker) {
        pinned = [pinned?.[0] ?? new Pinned(), new Pinned()];
        for (const p of pinned) {
            await p.service.userExists('nobody');
        }
    }

    return pinned;
}


// A client with a token of the service.  Options: userId, roles and groups for
// that, those of MQTT.js.

async function join(t, kind, { userId, roles, groups, ...options } = {}) {
    const made = await pinned[0].service.getClientAccessToken({
        clientProtocol: 'mqtt', userId, roles, groups });

    return await t.connect(kind, kind.transport === 'ws'
                                 ? { to: made.url, ...options }
                                 : { username: 'any', password: made.token, ...options });
}


// The same, at a certain worker.  Connections to the other one are kept for
// whoever asks for that.

async function joinAt(t, worker, kind, options) {
    const { hostname, port } = new URL(url[kind.transport]);
    const spare = spares[kind.transport];

    for (;;) {
        const i = spare.findIndex((s) => s.worker === worker && s.socket.readyState === 'open');
        if (i >= 0) {
            const [{ socket }] = spare.splice(i, 1);
            return await join(t, kind, { socket, ...options });
        }

        const socket = net.connect(port, hostname);
        await once(socket, 'connect');
        spare.push({ socket, worker: await command('worker', kind.transport, socket.localPort) });
    }
}


// Plays a test for every kind of client, with a service at either worker: what
// the test gets is that service, and how to make clients at the service's
// worker (0) and the other one (1).

async function everywhere(name, body) {
    const all = await services();

    for (const kind of kinds) {
        for (const [i, p] of all.entries()) {
            await test(`${name} [${kind.name}, worker ${i}]`, async (t) => {
                const at = [p.worker, all[1 - i].worker];

                await body({
                    t, kind, p, s: p.service, five: kind.version === 5,
                    join: (n, options) => joinAt(t, at[n], kind, options),
                    pair: async (options) => [await joinAt(t, at[0], kind, options),
                                              await joinAt(t, at[1], kind, options)],
                });
            });
        }
    }
}


const id = (client) => client.mqtt.options.clientId;


// The next message is this one, with what the REST API gives to it.

async function hears(client, topic, payload, type, expiry) {
    const m = await client.next();
    const p = { ...m.packet.properties };

    is([m.topic, m.text], [topic, String(payload)], `message of ${id(client)}`);
    is([m.packet.qos, m.packet.retain, m.packet.dup], [1, false, false], 'QoS, RETAIN, DUP');

    if (client.kind.version === 4) {
        return;
    }

    if (expiry) {
        const left = p.messageExpiryInterval;
        ok(left >= expiry - 5 && left <= expiry, `expires after ${left} s`);
        delete p.messageExpiryInterval;
    }

    is(p, { contentType: TYPES[type] }, 'properties');
}


// What a method fails with, as [statusCode, code].

async function thrown(promise) {
    const e = await promise.then(() => fail('it went well'), (error) => error);

    if (e.name !== 'RestError') {
        throw e;
    }

    return [e.statusCode, e.code];
}


// A client goes away, and the server has noticed.

async function cut(client) {
    await client.cut();
    await command('gone', id(client));
}


// How a client's connection ended: the DISCONNECT of 5.0, or nothing.

function ending(client) {
    let last = null;

    client.mqtt.on('disconnect', ({ reasonCode, properties }) => {
        last = [reasonCode, properties?.reasonString ?? null];
    });

    const closed = client.event('close');
    return async () => { await closed; return last; };
}


module.exports = { endpoint, service, services, everywhere, join, joinAt, id, hears, thrown, cut,
                   ending, MESSAGES };
