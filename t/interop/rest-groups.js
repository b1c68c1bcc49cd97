'use strict';

// Connections and users in and out of groups, by @azure/web-pubsub; permissions.

const { odata } = require('@azure/web-pubsub');
const { done, is, lasting, numbers, unique } = require('./lib');
const { everywhere, services, id, thrown, cut } = require('./rest-lib');

const names = ['a', 'a/b', '/', '//', 'a//b/', 'x y', 'ä€😀', 'a%2Fb', '100%', 'a?b=c&d',
               'it\'s', ':send', 'connections', 'api', 'a:b;c,d', '$SYS/x', '"\\', '...',
               'x'.repeat(1024)];


// Who is in a group: those that hear what is sent to it.

async function members(s, group, clients) {
    const end = unique('end');

    await s.group(group).sendToAll('member');
    await s.sendToAll(end);

    const got = [];
    for (const c of clients) {
        const before = await c.until(`"${end}"`);
        is(before.map((m) => [m.topic, m.text, m.packet.qos]),
           before.map(() => [group, '"member"', 1]), 'message');
        got.push(...before.map(() => id(c)));
    }

    is(await s.groupExists(group), got.length > 0, `${group} exists`);
    return got;
}


async function main() {
    await services();

    await everywhere('names', async ({ s, p, join }) => {
        const c = await join(1, { clientId: unique('d/ä '), userId: unique('u/%2F ') });

        for (const name of names) {
            const group = s.group(name);
            is(await s.groupExists(name), false, `${name} before`);

            await group.addConnection(id(c));
            is(p.answer.status, 200, 'status');
            is(await members(s, name, [c]), [id(c)], `${name} afterwards`);

            await group.removeConnection(id(c));
            is(p.answer.status, 204, 'status');
            is(await members(s, name, [c]), [], `${name} at last`);
        }
    });

    await everywhere('connections', async ({ s, p, pair }) => {
        const [a, b] = await pair();
        const g = unique('g');
        const group = s.group(g);

        await group.addConnection(id(a));
        is(await members(s, g, [a, b]), [id(a)], 'one');
        await group.addConnection(id(b));
        await group.addConnection(id(b));
        is(await members(s, g, [a, b]), [id(a), id(b)], 'both');
        await group.removeConnection(id(a));
        await group.removeConnection(id(a));
        is(await members(s, g, [a, b]), [id(b)], 'the other');

        for (const name of [`${g}/1`, `${g}/2`]) {
            await s.group(name).addConnection(id(b));
        }
        await s.removeConnectionFromAllGroups(id(b));
        is(p.answer.status, 204, 'status');
        for (const name of [g, `${g}/1`, `${g}/2`]) {
            is(await members(s, name, [a, b]), [], name);
        }

        await group.removeConnection('nobody');
        await s.removeConnectionFromAllGroups('nobody');
        is((await thrown(group.addConnection('nobody')))[0], 404, 'an unknown one');
    });

    await everywhere('users', async ({ s, p, join, pair }) => {
        const user = unique('u/ä ');
        const clients = [...await pair({ userId: user }), await join(1)];
        const [a, b] = clients;
        const g = unique('g');

        await s.group(g).addUser(user);
        is(p.answer.status, 200, 'status');
        is(await members(s, g, clients), [id(a), id(b)], 'the user');
        await s.group(g).removeConnection(id(b));
        is(await members(s, g, clients), [id(a)], 'one connection');

        // what comes later is not in it
        const c = await join(0, { userId: user });
        is(await members(s, g, [...clients, c]), [id(a)], 'a new connection');

        await s.group(`${g}/2`).addUser(user);
        await s.group(g).removeUser(user);
        is(p.answer.status, 204, 'status');
        is(await members(s, g, [...clients, c]), [], 'nobody');
        is(await members(s, `${g}/2`, [...clients, c]), [id(a), id(b), id(c)], 'the second');

        await s.group(g).addUser(user);
        await s.removeUserFromAllGroups(user);
        is(p.answer.status, 204, 'status');
        is(await members(s, g, [...clients, c]), [], 'the first');
        is(await members(s, `${g}/2`, [...clients, c]), [], 'the second');

        await s.group(g).addUser('nobody');
        await s.group(g).removeUser('nobody');
        await s.removeUserFromAllGroups('nobody');
        is(await s.groupExists(g), false, 'no group');
    });

    await everywhere('by a filter', async ({ s, p, join }) => {
        const a = await join(0, { userId: 'anna' });
        const b = await join(1, { userId: 'bert' });
        const c = await join(1);
        const all = [a, b, c];
        const [g, h] = [unique('g'), unique('h/')];

        await s.addConnectionsToGroups([g, h], odata`userId eq ${'anna'} or userId eq ${null}`);
        is(p.answer.status, 200, 'status');
        is(await members(s, g, all), [id(a), id(c)], 'first');
        is(await members(s, h, all), [id(a), id(c)], 'second');

        await s.removeConnectionsFromGroups([h, unique('none')], odata`${g} in groups`);
        is(p.answer.status, 200, 'status');
        is(await members(s, g, all), [id(a), id(c)], 'first, still');
        is(await members(s, h, all), [], 'second, no more');

        await s.addConnectionsToGroups([h]);
        is(await members(s, h, all), all.map(id), 'everybody');
        await s.removeConnectionsFromGroups([g, h], '');
        is(await members(s, g, all), [], 'nobody');
        is(await members(s, h, all), [], 'nobody');

        is(await thrown(s.addConnectionsToGroups([g], 'userId eq')),
           [400, 'Error.BadRequest'], 'a filter that is none');
        is(await thrown(s.removeConnectionsFromGroups([g], 'userId gt 5')),
           [400, 'Error.BadRequest'], 'types');
        is(await thrown(s.addConnectionsToGroups([], '')), [400, 'Error.BadRequest'], 'no group');
        is(await thrown(s.addConnectionsToGroups([g, 'a/#'], '')), [400, 'Error.BadRequest'],
           'a wildcard');
        is(await s.groupExists(g), false, 'nothing half done');
    });

    await everywhere('by token, SUBSCRIBE and REST', async ({ s, join }) => {
        const g = unique('g/');
        const c = await join(1, { groups: [`${g}1`], roles: ['webpubsub.joinLeaveGroup'] });

        await c.subscribe([`${g}2`, `${g}x/+`], { qos: 1 });
        await s.group(`${g}3`).addConnection(id(c));
        await c.mqtt.unsubscribeAsync(`${g}x/+`);
        for (const n of numbers(3, 1)) {
            is(await members(s, g + n, [c]), [id(c)], `group ${n}`);
        }

        await s.group(`${g}2`).removeConnection(id(c));
        await c.mqtt.unsubscribeAsync(`${g}3`);
        is(await members(s, `${g}1`, [c]), [id(c)], 'group 1');
        is(await members(s, `${g}2`, [c]), [], 'group 2');
        is(await members(s, `${g}3`, [c]), [], 'group 3');
    });

    await everywhere('sessions that are away', async ({ s, join, kind }) => {
        const options = { clientId: unique('away-'), userId: unique('u'),
                          ...lasting(kind.version) };
        const [g, h] = [unique('g'), unique('h')];
        await cut(await join(1, { ...options, groups: [h] }));

        await s.group(g).addConnection(options.clientId);
        await s.group(h).removeUser(options.userId);
        is([await s.connectionExists(options.clientId), await s.userExists(options.userId),
            await s.groupExists(g), await s.groupExists(h)], [true, true, true, false], 'exist');
        const back = await join(0, options);
        is(await members(s, g, [back]), [options.clientId], 'joined');
        await s.closeConnection(options.clientId);
    });

    await everywhere('who is in a group', async ({ s, p, join, pair }) => {
        const group = unique('g/ä ');
        const clients = [...await pair({ groups: [group], userId: 'a/ü' }),
                         ...await pair({ groups: [group] }),
                         await join(0, { groups: [group], userId: 'b', clientId: unique('ä "') })];
        await join(1);
        const wanted = clients.map((c, i) => ({
            connectionId: id(c), ...(i < 2 ? { userId: 'a/ü' } : i < 4 ? {} : { userId: 'b' }),
        }));
        const order = (members) => members.map((m) => JSON.stringify(m, ['connectionId', 'userId']))
                                          .sort();

        const list = async (options) => {
            const all = [];
            for await (const member of await s.group(group).listConnections(options)) {
                all.push(member);
            }
            return all;
        };
        const pages = async (options, settings) => {
            const all = [];
            for await (const page of (await s.group(group).listConnections(options))
                                     .byPage(settings)) {
                all.push(page);
            }
            return all;
        };

        is(order(await list()), order(wanted), 'all');
        is(p.answer.status, 200, 'status');
        for (const maxPageSize of [1, 2, 5, 200]) {
            is(order(await list({ maxPageSize })), order(wanted), `pages of ${maxPageSize}`);
            is((await pages({ maxPageSize })).map((page) => page.length),
               numbers(Math.ceil(5 / maxPageSize))
                   .map((n) => Math.min(maxPageSize, 5 - n * maxPageSize)), 'pages');
        }

        for (const top of [1, 3, 5, 100]) {
            const some = await list({ top, maxPageSize: 2 });
            is(some.length, Math.min(top, 5), `the first ${top}`);
            is(new Set(order(some)).size, some.length, 'none twice');
        }

        const first = await (await s.group(group).listConnections({ maxPageSize: 2 }))
                            .byPage().next();
        const { nextLink } = JSON.parse(p.answer.bodyAsText);
        const rest = await pages({ maxPageSize: 2 }, { continuationToken: nextLink });
        is(order([first.value, ...rest].flat()), order(wanted), 'continued by its link');

        const token = new URL(nextLink).searchParams.get('continuationToken');
        is(order([...first.value, ...await list({ continuationToken: token })]), order(wanted),
           'continued by its token');
    });

    await everywhere('permissions', async ({ s, p, five, join }) => {
        const [g, h] = [unique('g/'), unique('h')];
        const c = await join(1, { clientId: unique('c/ä ') });
        const has = (permission, targetName) => s.hasPermission(id(c), permission, { targetName });
        const denied = [five ? 0x87 : 0x80];

        is([await has('sendToGroup', g), await has('sendToGroup'), await has('joinLeaveGroup', g)],
           [false, false, false], 'none');
        is(await c.denied(g, { qos: 1 }), denied, 'SUBACK');

        await s.grantPermission(id(c), 'joinLeaveGroup', { targetName: g });
        is(p.answer.status, 200, 'status');
        is([await has('sendToGroup', g), await has('joinLeaveGroup', h),
            await has('joinLeaveGroup'), await has('joinLeaveGroup', g)],
           [false, false, false, true], 'one');
        is(await c.subscribe(g, { qos: 1 }), [1], 'SUBACK');
        is(await c.denied(h, { qos: 1 }), denied, 'SUBACK of another');

        await publishes(s, c, g, false);
        await s.grantPermission(id(c), 'sendToGroup');
        is([await has('sendToGroup', g), await has('sendToGroup', h), await has('sendToGroup')],
           [true, true, true], 'all');
        await publishes(s, c, g, true);

        await s.revokePermission(id(c), 'sendToGroup', { targetName: g });
        is(p.answer.status, 204, 'status');
        is([await has('sendToGroup', g), await has('sendToGroup', h)], [false, true],
           'all but one');
        await publishes(s, c, g, false);

        await s.revokePermission(id(c), 'joinLeaveGroup', { targetName: g });
        is(await has('joinLeaveGroup', g), false, 'none');
        await s.group(g).sendToAll('still');
        is((await c.next()).text, '"still"', 'it is still a member');
        await c.mqtt.unsubscribeAsync(g).catch(() => {});
        is(await c.denied(g, { qos: 1 }), denied, 'SUBACK');

        await s.grantPermission(id(c), 'sendToGroup', { targetName: g });
        await s.group(g).addConnection(id(c));
        await publishes(s, c, g, true);
        await s.revokePermission(id(c), 'sendToGroup');
        is([await has('sendToGroup', h), await has('sendToGroup')], [false, false], 'none');

        is(await thrown(s.grantPermission('nobody', 'sendToGroup')), [404, 'Error.NotFound'],
           'an unknown connection');
        await s.revokePermission('nobody', 'sendToGroup');
        is(await s.hasPermission('nobody', 'sendToGroup'), false, 'of nobody');
    });

    done();
}


// What a member publishes comes back to it, or not.

async function publishes(s, c, group, allowed) {
    const text = unique('p');
    const end = unique('end');

    const failed = await c.publish(group, text, { qos: 1 }).then(() => false, (e) => e);
    is(Boolean(failed), !allowed && c.kind.version === 5, 'PUBACK');
    await s.sendToConnection(id(c), end);
    is((await c.until(`"${end}"`)).map((m) => m.text), allowed ? [text] : [], 'message');
}

main();
