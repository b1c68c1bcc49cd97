'use strict';

// Clients while NGINX reloads and while a worker dies.

const { kinds, test, done, is, ok, unique, numbers, within, command, lasting, fail }
    = require('./lib');


// Each publishes to the next one.

async function ring(clients, topic, text) {
    await Promise.all(clients.map((c, i) =>
        c.publish(`${topic}/${(i + 1) % clients.length}`, text, { qos: 1 + i % 2 })));

    for (const c of clients) {
        is((await c.next()).text, text, `message to ${c.mqtt.options.clientId}`);
    }
}


async function member(t, topic, i, options = {}) {
    const c = await t.connect(kinds[i % 4], options);
    await c.subscribe(`${topic}/${i}`, { qos: 2 });
    return c;
}


(async () => {
    await test('three reloads', async (t) => {
        const topic = unique('reload/');
        const clients = await Promise.all(numbers(50).map((n) => member(t, topic, Number(n))));

        const stay = clients[3];
        const all = await t.connect(kinds[0]);
        await all.subscribe(`${topic}/stream`, { qos: 1 });
        let sent = 0;
        let stop = false;
        const stream = (async () => {
            while (!stop) {
                await stay.publish(`${topic}/stream`, String(sent++), { qos: 1 });
            }
        })();

        await ring(clients, topic, 'before');
        for (const n of [1, 2, 3]) {
            await command('reload');
            clients.push(await member(t, topic, clients.length),
                         await member(t, topic, clients.length + 1));
            await ring(clients, topic, `after reload ${n}`);
        }
        stop = true;
        await stream;

        const got = (await all.take(sent)).map((m) => m.text);
        is(got, numbers(sent), 'messages all along');
        is(clients.filter((c) => c.closed).length, 0, 'clients disconnected');
        is(all.closed, 0, 'disconnects of the subscriber');
    });

    await test('sessions resumed after a reload', async (t) => {
        const topic = unique('resumed/');
        const options = (i) => ({ clientId: `${topic}${i}`, ...lasting(kinds[i].version) });
        const pub = await t.connect(kinds[3]);

        for (const i of [0, 1, 2, 3]) {
            const c = await member(t, topic, i, options(i));
            await c.end();
        }
        for (const i of [0, 1, 2, 3]) {
            await pub.publish(`${topic}/${i}`, 'old', { qos: 1 });
        }
        await command('reload');
        for (const i of [0, 1, 2, 3]) {
            await pub.publish(`${topic}/${i}`, 'new', { qos: 1 });
            const c = await t.connect(kinds[i], options(i));
            is(c.connack.sessionPresent, true, 'session present');
            is((await c.take(2)).map((m) => m.text), ['old', 'new'], 'messages');
        }
    });

    await test('both workers are killed, one after the other', async (t) => {
        const topic = unique('killed/');
        const clients = await Promise.all(numbers(50).map((n) => {
            const { version } = kinds[n % 4];
            return member(t, topic, Number(n), {
                reconnectPeriod: 20, resubscribe: false, ...lasting(version),
            });
        }));

        // Those that publish hold what is not acknowledged yet, and send it again.
        let unknown = 0;
        const sent = clients.map(() => 0);
        let killed = false;
        const rounds = clients.map(async (c, i) => {
            const to = (i + 1) % clients.length;
            for (let extra = 0; !killed || extra < 5; killed && extra++) {
                const text = String(sent[to]++);
                await within(c.mqtt.publishAsync(`${topic}/${to}`, text, { qos: 1 + i % 2 })
                              .catch((e) => { e.code === 0x92 ? unknown++ : fail(e.stack); }),
                             () => `acknowledgement ${text} of ${c.kind.name}`);
            }
        });

        const each = (count) => within(Promise.all(clients.map(async (c) => {
            while (c.messages.length < count) {
                await new Promise((resolve) => c.mqtt.once('message', resolve));
            }
        })), () => `${count} messages to each`);

        await each(5);
        await command('kill');
        await each(Math.max(...sent) + 5);
        const hit = clients.filter((c) => c.closed).length;
        ok(hit > 0 && hit < 50, `${hit} of 50 clients were on the first worker`);
        await command('kill');
        killed = true;
        await Promise.all(rounds);

        for (const [i, c] of clients.entries()) {
            const qos = 1 + (i + 49) % 2;
            const wanted = numbers(sent[i]);
            const seen = [];
            while (new Set(seen).size < wanted.length) {
                const { text } = await c.next();
                seen.push(text);
            }
            seen.push(...c.messages.map((m) => m.text));
            is([...new Set(seen)], wanted, `messages to ${c.kind.name}`);
            if (qos === 2) {
                is(seen.length, wanted.length, `messages of QoS 2 to ${c.kind.name}`);
            }
        }

        ok(clients.every((c) => c.closed >= 1 && c.closed <= 2), 'closed with its worker');
    });

    done();
})();
