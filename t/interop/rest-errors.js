'use strict';

// What @azure/web-pubsub makes of errors.

const { Readable } = require('node:stream');
const { kinds, test, done, is, ok, fail, unique } = require('./lib');
const { endpoint, service, services, join, id } = require('./rest-lib');


// Status and code of a method's error, and what else it has to say.

async function error(promise, status, code, target) {
    const e = await promise.then(() => fail('it went well'), (thrown) => thrown);

    is([e.name, e.statusCode, e.code], ['RestError', status, code], 'error');
    is(e.response.headers.get('x-ms-error-code'), code, 'header');
    if (code) {
        const body = JSON.parse(e.response.bodyAsText);
        is([body.code, body.message, body.target], [code, e.message, target], 'body');
        ok(e.message.length > 0, 'message');
        is(e.details.errorCode, code, 'details');
    }
}


async function main() {
    await services();
    const s = service();
    const group = s.group('g');
    const text = { contentType: 'text/plain' };

    await test('a key that is not the hub\'s', async () => {
        for (const wrong of [service('chat', {}, 'other'), service('other'),
                             service('chat', {}, 'anykey')]) {
            await error(wrong.sendToAll('x'), 401);
            await error(wrong.userExists('x'), 401);
            await error(wrong.group('g').addConnection('x'), 401);
        }

        const e = await service('chat', {}, 'other').closeAllConnections().catch((x) => x);
        is(e.response.bodyAsText, '', 'body');
    });

    await test('a hub that cannot be', async () => {
        for (const hub of ['1', 'a b', 'a/b', '%', 'x'.repeat(129)]) {
            await error(service(hub).sendToAll('x'), 404, 'Error.NotFound', 'hub');
        }
    });

    await test('filters', async () => {
        for (const filter of ['userId', 'userId eq', 'userId eq \'', 'length(userId)', '1 eq \'a\'',
                              'not length(userId) gt 5', 'x eq 1', '(true', 'true)', '\'a\' in b',
                              '('.repeat(2000), 'true and '.repeat(300) + 'true']) {
            await error(s.sendToAll('x', { filter }), 400, 'Error.BadRequest', 'filter');
            await error(group.sendToAll('x', { filter }), 400, 'Error.BadRequest', 'filter');
            await error(s.sendToUser('x', 'x', { filter }), 400, 'Error.BadRequest', 'filter');
        }
    });

    await test('groups that cannot be', async (t) => {
        const c = await join(t, kinds[1]);

        for (const name of ['+', 'a/+', '#', 'a#', ' ', 'x'.repeat(1025), '$share/a/b',
                            '$webpubsub/server/messages']) {
            await error(s.group(name).addConnection(id(c)), 400, 'Error.BadRequest', 'group');
            await error(s.group(name).sendToAll('x'), 400, 'Error.BadRequest', 'group');
        }
    });

    await test('what is not there', async (t) => {
        const c = await join(t, kinds[1]);

        await error(group.addConnection('nobody'), 404, 'Error.NotFound', 'connectionId');
        await error(s.grantPermission('nobody', 'sendToGroup'), 404, 'Error.NotFound',
                    'connectionId');
        is([await s.connectionExists('nobody'), await s.userExists(id(c)),
            await s.groupExists('nothing'), await s.hasPermission('nobody', 'sendToGroup')],
           [false, false, false, false], 'exist');
    });

    await test('bodies', async (t) => {
        const c = await join(t, kinds[1]);
        const to = (message, options) => s.sendToConnection(id(c), message, options);
        const most = 1024 * 1024;

        await to('x'.repeat(most - 100), text);
        is((await c.next()).payload.length, most - 100, 'a long one');
        for (const length of [most + 1, 20 * most]) {
            await error(to('x'.repeat(length), text), 413, 'Error.RequestEntityTooLarge',
                        'Content-Length');
        }
        await error(s.addConnectionsToGroups(['x'.repeat(most)], ''), 413,
                    'Error.RequestEntityTooLarge', 'Content-Length');

        // of these nobody knows the length
        await error(to(() => Readable.from([Buffer.from('x')])), 400, 'Error.BadRequest',
                    'Content-Length');

        await to('end', text);
        is(await c.until('end'), [], 'nothing else');
    });

    await test('an error is not asked for again', async () => {
        let requests = 0;
        const counting = service('chat', { additionalPolicies: [{ position: 'perRetry', policy: {
            name: 'counting',
            sendRequest(request, next) {
                requests++;
                return next(request);
            },
        } }] }, 'other');

        await error(counting.sendToAll('x'), 401);
        is(requests, 1, 'requests');
    });

    await test('many connections to exclude', async (t) => {
        const c = await join(t, kinds[1]);
        const ids = Array.from({ length: 150 }, () => unique('connection-'));

        await s.sendToAll('x', { excludedConnections: ids });
        is((await c.next()).text, '"x"', 'message');
    });

    await test('health', async () => {
        const response = await fetch(`${endpoint}/api/health`, { method: 'HEAD' });
        is(response.status, 200, 'status');
    });

    done();
}

main();
