'use strict';

// Messages from @azure/web-pubsub: to all, to users, connections and groups.

const { odata } = require('@azure/web-pubsub');
const { test, done, is, ok, kinds, numbers, lasting, unique } = require('./lib');
const { everywhere, services, service, joinAt, id, hears, cut, MESSAGES } = require('./rest-lib');

const bytes = Buffer.from([0, 1, 0xff, 0xfe, 0x80, 10]);

// what a method is given, and what arrives

const messages = [
    ['hällo', { contentType: 'text/plain' }, 'hällo', 'text'],
    ['', { contentType: 'text/plain' }, '', 'text'],
    ['hällo', {}, '"hällo"', 'json'],
    [{ a: [1, null, 'ä'] }, {}, '{"a":[1,null,"ä"]}', 'json'],
    [17, {}, '17', 'json'],
    [false, {}, 'false', 'json'],
    [bytes, {}, bytes, 'binary'],
    [new Uint8Array(bytes).buffer, {}, bytes, 'binary'],
    [new Uint16Array([0x4142, 0x4344]), {}, 'BADC', 'binary'],
    [new Uint8Array(0), {}, '', 'binary'],
    ['x'.repeat(100000), { contentType: 'text/plain' }, 'x'.repeat(100000), 'text'],
];


async function sends(clients, topic, send) {
    for (const [message, options, payload, type] of messages) {
        await send(message, options);
        for (const c of clients) {
            await hears(c, topic, payload, type);
        }
    }

    await send('last', { contentType: 'text/plain', messageTtlSeconds: 300 });
    for (const c of clients) {
        await hears(c, topic, 'last', 'text', 300);
    }
}


// Sends with conditions; only those wanted get it.  A message without any
// follows, so that nobody waits for what does not come.

async function conditions(clients, send, cases) {
    for (const [options, wanted] of cases) {
        await send(JSON.stringify(options), { ...options, contentType: 'text/plain' });
        await send('end', { contentType: 'text/plain' });

        const got = [];
        for (const c of clients) {
            const before = await c.until('end');
            ok(before.length <= 1, 'no more than one message');
            got.push(...before.map(() => c));
        }
        is(got.map(id), wanted.map(id), JSON.stringify(options));
    }
}


async function main() {
    const [first, second] = await services();

    await everywhere('to all', async ({ s, pair }) => {
        await sends(await pair(), MESSAGES, (m, o) => s.sendToAll(m, o));
    });

    await everywhere('to a group', async ({ s, pair }) => {
        const name = unique('ä/b ');
        const clients = await pair({ groups: [name, 'other'] });
        const group = s.group(name);
        await sends(clients, name, (m, o) => group.sendToAll(m, o));
    });

    await everywhere('to a user', async ({ s, join, pair }) => {
        const userId = unique('a/ü ');
        const clients = await pair({ userId });
        const other = await join(0, { userId: `${userId}x` });
        await sends(clients, MESSAGES, (m, o) => s.sendToUser(userId, m, o));
        await s.sendToAll('all');
        is((await other.next()).text, '"all"', 'somebody else');
    });

    await everywhere('to a connection', async ({ s, pair }) => {
        const clients = await pair();
        for (const c of clients) {
            await sends([c], MESSAGES, (m, o) => s.sendToConnection(id(c), m, o));
        }
        await s.sendToAll('all');
        for (const c of clients) {
            is((await c.next()).text, '"all"', 'not those for others');
        }
    });

    await everywhere('conditions', async ({ s, join }) => {
        const group = unique('g');
        const groups = [group, 'it\'s'];
        const a = await join(0, { userId: 'anna', groups });
        const b = await join(1, { userId: 'bert', groups });
        const c = await join(0, { userId: 'it\'s', groups: [group], clientId: unique('ü/') });
        const d = await join(1, { groups: [group] });
        const all = [a, b, c, d];

        const cases = [
            [{}, all],
            [{ excludedConnections: [] }, all],
            [{ excludedConnections: [id(a)] }, [b, c, d]],
            [{ excludedConnections: [id(b), 'nobody', id(c)] }, [a, d]],
            [{ excludedConnections: all.map(id) }, []],
            [{ excludedConnections: [...numbers(20), id(a)] }, [b, c, d]],
            [{ filter: '' }, all],
            [{ filter: odata`userId eq ${'anna'}` }, [a]],
            [{ filter: odata`userId eq ${'it\'s'}` }, [c]],
            [{ filter: odata`userId ne ${'anna'} and userId ne ${null}` }, [b, c]],
            [{ filter: odata`userId eq ${null}` }, [d]],
            [{ filter: odata`connectionId eq ${id(c)}` }, [c]],
            [{ filter: odata`${'it\'s'} in groups` }, [a, b]],
            [{ filter: odata`not(${'it\'s'} in groups)` }, [c, d]],
            [{ filter: odata`length(userId) gt ${3} and endswith(userId, 'ert')` }, [b]],
            [{ filter: odata`userId in (${'anna'}, ${'bert'})`, excludedConnections: [id(a)] },
             [b]],
            [{ filter: odata`startswith(userId, 'b') or length(groups) eq 1` }, [b, c, d]],
            [{ filter: 'userId eq \'100%&+?#=\'' }, []],
        ];

        await conditions(all, (m, o) => s.sendToAll(m, o), cases);
        await conditions(all, (m, o) => s.group(group).sendToAll(m, o), cases);
        await conditions([a], (m, o) => s.sendToUser('anna', m, o),
                         [[{}, [a]],
                          [{ filter: odata`connectionId ne ${id(a)}` }, []],
                          [{ filter: odata`connectionId eq ${id(a)}` }, [a]]]);
    });

    await everywhere('those away get it when they are back', async ({ s, join, kind }) => {
        const options = { clientId: unique('away-'), userId: unique('u'),
                          groups: [unique('g')], ...lasting(kind.version) };
        const away = await join(1, options);
        await cut(away);

        const text = { contentType: 'text/plain' };
        await s.sendToAll('1', text);
        await s.sendToUser(options.userId, '2', text);
        await s.sendToConnection(options.clientId, '3', text);
        await s.group(options.groups[0]).sendToAll('4', text);

        const back = await join(0, options);
        is(back.connack.sessionPresent, true, 'session present');
        is((await back.take(4)).map((m) => m.text), numbers(4, 1), 'messages');
        await s.closeConnection(options.clientId);
    });

    await test('what has expired is not sent', async (t) => {
        const s = first.service;
        const away = kinds.map((kind) => [kind, { clientId: unique('away-'),
                                                  ...lasting(kind.version) }]);

        for (const [kind, options] of away) {
            await cut(await joinAt(t, second.worker, kind, options));
            await s.sendToConnection(options.clientId, 'short', { messageTtlSeconds: 1 });
            await s.sendToConnection(options.clientId, 'long', { messageTtlSeconds: 200 });
            await s.sendToConnection(options.clientId, 'forever', { messageTtlSeconds: 0 });
        }

        await new Promise((resolve) => { setTimeout(resolve, 2100); });

        for (const [kind, options] of away) {
            const back = await joinAt(t, first.worker, kind, options);
            await hears(back, MESSAGES, '"long"', 'json', 200);
            await hears(back, MESSAGES, '"forever"', 'json');
            await s.closeConnection(options.clientId);
        }
    });

    await everywhere('one after the other, by both workers', async ({ pair }) => {
        const group = unique('g');
        const clients = await pair({ groups: [group] });

        for (const n of numbers(60)) {
            const s = [first, second][n % 2].service;
            await (n % 3 ? s.group(group).sendToAll(Number(n)) : s.sendToAll(Number(n)));
        }

        for (const c of clients) {
            is((await c.take(60)).map((m) => m.text), numbers(60), 'order');
        }
    });

    await everywhere('many at a time', async ({ s, pair }) => {
        const clients = await pair();
        const many = service();

        await Promise.all(numbers(100).map((n) => many.sendToAll(Number(n))));
        await s.sendToAll('end');

        for (const c of clients) {
            const got = await c.until('"end"');
            is(got.map((m) => Number(m.text)).sort((a, b) => a - b), numbers(100).map(Number),
               'each once');
        }
    });

    await everywhere('to nobody', async ({ s, p }) => {
        await s.group(unique('g')).sendToAll('x');
        is(p.answer.status, 202, 'group');
        await s.sendToUser(unique('u'), 'x');
        is(p.answer.status, 202, 'user');
        await s.sendToConnection(unique('c'), 'x');
        is(p.answer.status, 202, 'connection');
    });

    done();
}

main();
