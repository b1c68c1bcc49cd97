'use strict';

// Connections closed by @azure/web-pubsub, and whether they exist.

const { done, is, lasting, unique } = require('./lib');
const { everywhere, services, id, ending, cut } = require('./rest-lib');


// They end with a reason, and so do their sessions; the others stay.

async function ends({ s, p, five }, clients, others, reason, close) {
    const waiting = clients.map(ending);

    await close();
    is(p.answer.status, 204, 'status');
    for (const [i, c] of clients.entries()) {
        is(await waiting[i](), five ? [0x98, reason ?? null] : null, `the end of ${id(c)}`);
        is(await s.connectionExists(id(c)), false, `${id(c)} exists`);
    }

    await s.sendToAll('there');
    for (const c of others) {
        is((await c.next()).text, '"there"', 'the others are there');
    }
}


async function main() {
    await services();

    await everywhere('a connection', async (e) => {
        const { s, pair, join, kind } = e;
        const [a, b] = await pair();
        const options = { clientId: unique('ä/b '), ...lasting(kind.version) };
        const c = await join(1, options);

        is(await s.connectionExists(id(a)), true, 'exists');
        await ends(e, [a], [b, c], undefined, () => s.closeConnection(id(a)));
        await ends(e, [b], [c], 'ä: go & stay=away?', () =>
            s.closeConnection(id(b), { reason: 'ä: go & stay=away?' }));
        await ends(e, [c], [], 'r', () => s.closeConnection(id(c), { reason: 'r' }));
        is((await join(0, options)).connack.sessionPresent, false, 'no session');

        await s.closeConnection('nobody', { reason: 'r' });
        await s.closeConnection(options.clientId);
    });

    await everywhere('a user', async (e) => {
        const { s, pair, join } = e;
        const userId = unique('u/ä ');
        const clients = await pair({ userId });
        const excluded = await join(1, { userId });
        const other = await join(0, { userId: unique('u') });

        is(await s.userExists(userId), true, 'exists');
        await ends(e, clients, [excluded, other], 'enough', () =>
            s.closeUserConnections(userId, { reason: 'enough', excluded: [id(excluded)] }));
        is(await s.userExists(userId), true, 'still exists');
        await ends(e, [excluded], [other], undefined, () => s.closeUserConnections(userId));
        is(await s.userExists(userId), false, 'exists no more');
        await s.closeUserConnections(userId);
    });

    await everywhere('a group', async (e) => {
        const { s, pair } = e;
        const g = unique('g/ä ');
        const clients = await pair({ groups: [g, 'other'] });
        const excluded = await pair({ groups: [g] });
        const others = await pair({ groups: ['other'] });

        await ends(e, clients, [...excluded, ...others], 'enough', () =>
            s.group(g).closeAllConnections({ reason: 'enough', excluded: excluded.map(id) }));
        is(await s.groupExists(g), true, 'exists');
        await ends(e, excluded, others, undefined, () => s.group(g).closeAllConnections());
        is(await s.groupExists(g), false, 'exists no more');
        await s.group(g).closeAllConnections();
    });

    await everywhere('all', async (e) => {
        const { s, pair, join, kind } = e;
        const clients = await pair();
        const excluded = await pair();
        const away = await join(1, { clientId: unique('away-'), userId: unique('u'),
                                     groups: [unique('g')], ...lasting(kind.version) });
        const userId = unique('u');
        const known = await join(0, { clientId: unique('away-'), userId,
                                      ...lasting(kind.version) });
        await cut(away);
        await cut(known);

        is([await s.connectionExists(id(away)), await s.userExists(userId)], [true, true],
           'those away exist');
        await ends(e, clients, excluded, 'enough', () =>
            s.closeAllConnections({ reason: 'enough', excluded: excluded.map(id) }));
        is([await s.connectionExists(id(away)), await s.userExists(userId)], [false, false],
           'those away exist no more');
        await ends(e, excluded, [], undefined, () => s.closeAllConnections());
        await s.closeAllConnections();
    });

    done();
}

main();
