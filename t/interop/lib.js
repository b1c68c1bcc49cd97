'use strict';

// What the scripts here share: tests that print TAP, and MQTT.js clients whose
// messages can be awaited one by one.
//
// interop.t starts a script with the addresses of the server in MQTT_WS and
// MQTT_TCP.  A line "do NAME ARGUMENTS" asks it to do something to the server,
// after which it answers with a line: "done", and perhaps a result.

const { once } = require('node:events');
const readline = require('node:readline');
const mqtt = require('mqtt');

const url = { ws: process.env.MQTT_WS, tcp: process.env.MQTT_TCP };
const SLOW = Number(process.env.TEST_NGINX_SLOW || 1);
const TIMEOUT = 10000 * SLOW;

// every transport with every version
const kinds = [];
for (const transport of ['ws', 'tcp']) {
    for (const version of [4, 5]) {
        kinds.push({ transport, version, name: `${transport} v${version}` });
    }
}


let tests = 0;
let ids = 0;

class Failure extends Error {}


function fail(text) {
    throw new Failure(text);
}


function is(got, wanted, what) {
    const g = JSON.stringify(got);
    const w = JSON.stringify(wanted);

    if (g !== w) {
        fail(`${what}: got ${g}, wanted ${w}`);
    }
}


function ok(value, what) {
    if (!value) {
        fail(`not so: ${what}`);
    }
}


function unique(prefix = 'x') {
    return `${prefix}${process.pid}-${++ids}`;
}


async function within(promise, what, ms = TIMEOUT) {
    let timer;

    const late = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Failure(`waited in vain for ${what()}`)), ms);
    });

    try {
        return await Promise.race([promise, late]);

    } finally {
        clearTimeout(timer);
    }
}


// Runs a test and prints its line.  What it opens with t.connect() is closed
// afterwards.

async function test(name, body) {
    const clients = [];

    const t = {
        open(kind, options) {
            const client = new Client(kind, options);
            clients.push(client);
            return client;
        },
        async connect(kind, options) {
            const client = t.open(kind, options);
            await client.connected();
            return client;
        },
    };

    let problem;

    try {
        await within(body(t), () => 'the end of the test', 2 * TIMEOUT);

    } catch (e) {
        problem = e instanceof Failure ? e.message : e.stack;
    }

    for (const client of clients) {
        client.mqtt.on('error', () => {});
        client.mqtt.end(true);
    }

    console.log(`${problem ? 'not ok' : 'ok'} ${++tests} - ${name}`);
    if (problem) {
        console.log(problem.replace(/^/gm, '# '));
    }
}


function done() {
    console.log(`1..${tests}`);
    process.exit(0);
}


// Options are those of MQTT.js, and: "to", another URL; "hub", a hub of another
// name; "socket", one that is connected already.

class Client {

    constructor(kind, { socket, ...options } = {}) {
        this.kind = kind;
        this.messages = [];
        this.waiting = null;
        this.closed = 0;

        let to = options.to || url[kind.transport];
        if (options.hub) {
            to = kind.transport === 'ws' ? to.replace(/[^/]*$/, options.hub)
                                         : process.env[`MQTT_TCP_${options.hub.toUpperCase()}`];
        }

        const all = {
            protocolVersion: kind.version,
            clientId: unique('client-'),
            reconnectPeriod: 0,
            connectTimeout: TIMEOUT,
            ...(socket ? { wsOptions: { createConnection: () => socket } } : {}),
            ...options,
        };

        this.mqtt = socket && kind.transport === 'tcp'
                    ? new mqtt.MqttClient(() => socket, all) : mqtt.connect(to, all);

        this.mqtt.on('message', (topic, payload, packet) => {
            this.messages.push({ topic, payload, text: String(payload), packet });
            this.waiting?.();
        });

        this.opened = new Promise((resolve, reject) => {
            this.mqtt.once('connect', (connack) => {
                this.connack = connack;
                resolve(connack);
            });
            this.mqtt.on('error', (e) => { this.error = e; reject(e); });
            this.mqtt.on('close', () => {
                this.closed++;
                reject(new Failure('closed without CONNACK'));
            });
        });
        this.opened.catch(() => {});
    }

    connected() {
        return within(this.opened, () => `CONNACK of ${this.mqtt.options.clientId}`);
    }

    // why a connection is refused

    async refused() {
        return within(this.opened.then(() => fail('was not refused'), (e) => e),
                      () => 'a refusal');
    }

    // resolves with the codes of SUBACK

    async subscribe(topic, options = { qos: 0 }) {
        const granted = await within(this.mqtt.subscribeAsync(topic, options),
                                     () => 'SUBACK');
        return granted.map((g) => g.qos);
    }

    // the codes of SUBACK that make MQTT.js complain

    async denied(topic, options) {
        const error = await this.subscribe(topic, options)
                                .then(() => fail(`${topic} was granted`), (e) => e);
        return error.packet?.granted;
    }

    publish(topic, payload, options = { qos: 0 }) {
        return within(this.mqtt.publishAsync(topic, payload, options),
                      () => `the acknowledgement of ${topic}`);
    }

    // count messages; they are taken

    async take(count) {
        const enough = async () => {
            while (this.messages.length < count) {
                await new Promise((resolve) => { this.waiting = resolve; });
            }
        };

        await within(enough(), () => `message ${this.messages.length + 1} of ${count}`);
        return this.messages.splice(0, count);
    }

    async next() {
        return (await this.take(1))[0];
    }

    // messages before the one with this text, which is taken too

    async until(text) {
        const before = [];
        for (;;) {
            const message = await this.next();
            if (message.text === text) {
                return before;
            }
            before.push(message);
        }
    }

    event(name) {
        return within(once(this.mqtt, name).then((a) => a[0]), () => `event ${name}`);
    }

    // breaks the connection as a network does, without a word

    cut() {
        const gone = this.event('close');
        this.mqtt.stream.destroy();
        return gone;
    }

    end(properties) {
        return within(this.mqtt.endAsync(false, properties ? { properties } : {}),
                      () => 'the end');
    }
}


let input;

async function command(...words) {
    input ??= readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
    console.log(`do ${words.join(' ')}`);
    const { value } = await within(input.next(), () => `an answer to ${words[0]}`);
    const [, result] = /^done ?(.*)/.exec(value) || fail(`${words[0]}: ${value}`);

    return result;
}


function lasting(version, seconds = 300) {
    return version === 5
           ? { clean: false, properties: { sessionExpiryInterval: seconds } }
           : { clean: false };
}


function numbers(count, from = 0) {
    return Array.from({ length: count }, (_, i) => String(from + i));
}


module.exports = { kinds, url, test, done, is, ok, fail, unique, within, command,
                   lasting, numbers, Client, TIMEOUT, SLOW };
