'use strict';

// mosquitto_pub and mosquitto_sub.

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const { kinds, url, test, done, is, ok, unique, numbers, within } = require('./lib');

const { hostname, port } = new URL(url.tcp);
const to = ['-h', hostname, '-p', port];
const dir = fs.mkdtempSync(`${process.env.TMPDIR || '/tmp'}/mosquitto-`);


// A running program; its output is awaited in lines.

class Program {

    constructor(name, args) {
        this.name = name;
        this.child = spawn('stdbuf', ['-oL', name, ...to, ...args]);
        this.out = '';
        this.err = '';
        this.child.stdout.on('data', (data) => { this.out += data; this.waiting?.(); });
        this.child.stderr.on('data', (data) => { this.err += data; this.waiting?.(); });
        this.code = once(this.child, 'close').then(([code]) => code);
    }

    async says(pattern) {
        const heard = async () => {
            while (!pattern.test(this.out + this.err)) {
                await new Promise((resolve) => { this.waiting = resolve; });
            }
        };
        await within(heard(), () => `${pattern} of ${this.name}, it says ${this.out}${this.err}`);
    }

    // its lines, without those of -d

    async lines(code = 0) {
        is(await within(this.code, () => `${this.name} to end, it says ${this.out}${this.err}`),
           code, `exit code of ${this.name}, which says ${this.err}`);
        return this.out.split('\n').slice(0, -1)
                       .filter((line) => !/^(Client \S+ (sending|received)|Subscribed)/.test(line));
    }

    async kill() {
        this.child.kill('SIGKILL');
        await this.code;
    }
}


const version = (v) => ['-V', v === 5 ? '5' : 'mqttv311'];

async function sub(v, args) {
    const program = new Program('mosquitto_sub', [...version(v), '-d', ...args]);
    await program.says(/^Subscribed/m);
    return program;
}

async function pub(v, args, input) {
    const program = new Program('mosquitto_pub', [...version(v), ...args]);
    program.child.stdin.end(input);
    await program.lines();
}


async function tools(v) {
    const named = (name, body) => test(`${name} [mosquitto v${v}]`, body);

    await named('every QoS', async () => {
        for (const qos of ['0', '1', '2']) {
            const topic = unique('qos/');
            const s = await sub(v, ['-t', `${topic}/#`, '-q', qos, '-C', '3', '-v']);
            for (const q of ['0', '1', '2']) {
                await pub(v, ['-t', `${topic}/${q}`, '-m', `m ${q}`, '-q', q]);
            }
            is((await s.lines()).sort(), ['0', '1', '2'].map((q) => `${topic}/${q} m ${q}`),
               'messages');
        }
    });

    await named('retained message', async () => {
        const topic = unique('retained/');
        await pub(v, ['-t', topic, '-m', 'kept', '-r', '-q', '1']);
        const s = await sub(v, ['-t', topic, '-C', '1', '-F', '%r %p']);
        is(await s.lines(), ['1 kept'], 'message');
        await pub(v, ['-t', topic, '-n', '-r', '-q', '1']);
    });

    await named('will', async () => {
        const topic = unique('will/');
        const s = await sub(v, ['-t', topic, '-q', '2', '-C', '1']);
        const dying = await sub(v, ['-t', 'x', '--will-topic', topic,
                                    '--will-payload', 'gone', '--will-qos', '2']);
        await dying.kill();
        is(await s.lines(), ['gone'], 'message');
    });

    await named('session that lasts', async () => {
        const topic = unique('session/');
        const last = ['-i', unique('sub-'), '-c', '-q', '2', '-t', topic,
                      ...(v === 5 ? ['-x', '300'] : [])];

        await (await sub(v, [...last, '-E'])).lines();
        for (const n of numbers(10)) {
            await pub(v, ['-t', topic, '-m', n, '-q', '2']);
        }
        const s = await sub(v, [...last, '-C', '10']);
        is(await s.lines(), numbers(10), 'messages');
    });

    await named('shared subscription', async () => {
        const topic = unique('shared/');
        const members = [];
        for (let i = 0; i < 2; i++) {
            members.push(await sub(v, ['-q', '1', '-t', `$share/g/${topic}`,
                                       '-t', `${topic}/end`]));
        }
        const sent = numbers(100);
        await pub(v, ['-t', topic, '-q', '1', '-l'], sent.map((n) => `${n}\n`).join(''));
        await pub(v, ['-t', `${topic}/end`, '-q', '1', '-m', 'end']);

        const got = [];
        for (const member of members) {
            await member.says(/^end$/m);
            member.child.kill('SIGTERM');
            await member.code;
            const part = member.out.match(/^\d+$/mg) || [];
            ok(part.length > 10, `a member got ${part.length}`);
            got.push(...part);
        }
        is(got.sort((a, b) => a - b), sent, 'all of them');
    });

    await named('a file of a megabyte', async () => {
        const topic = unique('file/');
        const file = `${dir}/big-${v}`;
        fs.writeFileSync(file, Buffer.alloc(1 << 20, 'MQTT, '));
        for (const qos of ['0', '1', '2']) {
            const s = await sub(v, ['-t', topic, '-q', qos, '-C', '1', '-F', '%l %p']);
            await pub(v, ['-t', topic, '-q', qos, '-f', file]);
            is((await s.lines()).join('\n') === `${1 << 20} ${fs.readFileSync(file)}`, true,
               `same contents with QoS ${qos}`);
        }
    });

    for (const qos of ['0', '1', '2']) {
        await named(`1000 lines of QoS ${qos}`, async () => {
            const topic = unique('lines/');
            const s = await sub(v, ['-t', topic, '-q', qos, '-C', '1000']);
            await pub(v, ['-t', topic, '-q', qos, '-l'],
                      numbers(1000).map((n) => `${n}\n`).join(''));
            is(await s.lines(), numbers(1000), 'lines');
        });
    }

    await named('with MQTT.js at the other end', async (t) => {
        for (const kind of kinds) {
            const topic = unique('both/');
            const c = await t.connect(kind);
            await c.subscribe(`${topic}/js`, { qos: 2 });
            const s = await sub(v, ['-t', topic, '-q', '2', '-C', '1']);
            await pub(v, ['-t', `${topic}/js`, '-m', 'to js', '-q', '2']);
            is((await c.next()).text, 'to js', `message to ${kind.name}`);
            await c.publish(topic, 'from js', { qos: 2 });
            is(await s.lines(), ['from js'], `message from ${kind.name}`);
        }
    });
}


async function five() {
    await test('properties [mosquitto v5]', async () => {
        const topic = unique('properties/');
        const s = await sub(5, ['-t', topic, '-C', '1', '-F', '%A %C %D %E %F %P %R %S %p',
                                '-D', 'subscribe', 'subscription-identifier', '7']);
        await pub(5, ['-t', topic, '-m', 'x', '-q', '1',
                      '-D', 'publish', 'content-type', 'text/x',
                      '-D', 'publish', 'correlation-data', 'c',
                      '-D', 'publish', 'message-expiry-interval', '60',
                      '-D', 'publish', 'payload-format-indicator', '1',
                      '-D', 'publish', 'user-property', 'k', 'v',
                      '-D', 'publish', 'response-topic', 'r']);
        const line = (await s.lines())[0].replace(/ 59 /, ' 60 ').trim();
        is(line, 'text/x c 60 1 k:v r 7 x', 'message');
    });

    await test('request and response [mosquitto_rr]', async () => {
        const topic = unique('service/');
        const answer = unique('answer/');
        const s = await sub(5, ['-t', topic, '-C', '1', '-F', '%R %p']);
        const rr = new Program('mosquitto_rr', ['-V', '5', '-t', topic, '-e', answer,
                                                '-m', 'question', '-W', '20']);
        is(await s.lines(), [`${answer} question`], 'request');
        await pub(5, ['-t', answer, '-m', 'answer']);
        is(await rr.lines(), ['answer'], 'response');
    });
}


(async () => {
    await Promise.all([tools(4), tools(5), five()]);
    fs.rmSync(dir, { recursive: true });
    done();
})();
