'use strict';

// Many clients, many messages.

const { kinds, test, done, is, ok, unique, numbers, within } = require('./lib');


(async () => {
    await test('200 clients at once', async (t) => {
        const topic = unique('all/');
        const clients = await Promise.all(numbers(200).map((n) => t.connect(kinds[n % 4])));

        await Promise.all(clients.map((c, i) =>
            c.subscribe([topic, `${topic}/${i}`], { qos: 1 })));
        await Promise.all(clients.map((c, i) =>
            c.publish(`${topic}/${(i + 101) % 200}`, `to ${(i + 101) % 200}`, { qos: 1 })));
        await clients[0].publish(topic, 'to all', { qos: 1 });

        for (const [i, c] of clients.entries()) {
            const got = (await c.take(2)).map((m) => m.text);
            is(got.sort(), [`to ${i}`, 'to all'].sort(), `messages of client ${i}`);
            is(c.messages.length, 0, 'others');
        }
    });

    for (const [from, to] of [[0, 3], [3, 0]]) {
        const [a, b] = [kinds[from], kinds[to]];

        await test(`10,000 messages in order, ${a.name} to ${b.name}`, async (t) => {
            const topic = unique('many/');
            const pub = await t.connect(a);
            const sub = await t.connect(b);
            await sub.subscribe(topic, { qos: 1 });

            const sent = numbers(10000);
            let next = 0;
            const one = async () => {
                while (next < sent.length) {
                    await pub.mqtt.publishAsync(topic, sent[next++], { qos: 1 });
                }
            };
            const window = Promise.all(Array.from({ length: 90 }, one));
            await within(window, () => `10,000 acknowledgements, ${next} sent`);

            const got = (await sub.take(sent.length)).map((m) => m.text);
            const wrong = got.findIndex((n, i) => n !== sent[i]);
            ok(wrong < 0, `message ${wrong} is ${got[wrong]}`);
        });
    }

    await test('10,000 messages of QoS 0 in order', async (t) => {
        const topic = unique('quick/');
        const pub = await t.connect(kinds[1]);
        const sub = await t.connect(kinds[2]);
        await sub.subscribe(topic, { qos: 0 });

        const sent = numbers(10000);
        for (const n of sent) {
            pub.mqtt.publish(topic, n);
        }
        const got = (await sub.take(sent.length)).map((m) => m.text);
        const wrong = got.findIndex((n, i) => n !== sent[i]);
        ok(wrong < 0, `message ${wrong} is ${got[wrong]}`);
    });

    done();
})();
