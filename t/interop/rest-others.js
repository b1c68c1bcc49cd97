'use strict';

// @azure/web-pubsub: tokens for clients, ways to be configured, and an NGINX
// that reloads.

const { AzureKeyCredential, WebPubSubServiceClient } = require('@azure/web-pubsub');
const jwt = require('jsonwebtoken');
const { kinds, url, test, done, is, ok, numbers, command, unique } = require('./lib');
const { endpoint, service, services, join, id, thrown } = require('./rest-lib');

const https = process.env.MQTT_HTTPS;
const insecure = { allowInsecureConnection: true };


// What an application has that gets its tokens elsewhere: it asks the server
// for those of clients.

function asking() {
    const audience = `${https}/api/hubs/chat/:generateToken`;
    const token = jwt.sign({}, 'primarykey', { audience, expiresIn: '5m' });
    const credential = {
        getToken: async () => ({ token, expiresOnTimestamp: Date.now() + 300000 }),
    };

    return new WebPubSubServiceClient(https, credential, 'chat',
                                      { tlsOptions: { rejectUnauthorized: false } });
}


// Who is in a group, one by one.

async function members(source, group) {
    const all = [];

    for await (const m of await source.group(group).listConnections({ maxPageSize: 1 })) {
        all.push(m.connectionId);
    }

    return all.sort();
}


async function main() {
    const [{ service: s }] = await services();
    const sources = [['signed', service()], ['generated', asking()],
                     ['signed with the second key', service('chat', {}, 'secondarykey')]];

    for (const [how, source] of sources) {
        for (const kind of kinds) {
            await test(`a token for MQTT, ${how} [${kind.name}]`, async (t) => {
                const [g, userId] = [unique('g/ä '), unique('u/ä ')];
                const { url: full, baseUrl, token } = await source.getClientAccessToken({
                    clientProtocol: 'mqtt', userId, expirationTimeInMinutes: 5, groups: [g, 'x'],
                    roles: [`webpubsub.sendToGroup.${g}`, 'webpubsub.joinLeaveGroup'],
                });
                const { sub, exp, iat } = jwt.decode(token);
                is([sub, exp - iat, full], [userId, 300, `${baseUrl}?access_token=${token}`],
                   'token');

                const c = await t.connect(kind, kind.transport === 'ws'
                    ? { to: full, wsOptions: { rejectUnauthorized: false } }
                    : { username: 'any', password: token });
                is(await s.userExists(userId), true, 'user');
                is([await s.hasPermission(id(c), 'sendToGroup', { targetName: g }),
                    await s.hasPermission(id(c), 'sendToGroup'),
                    await s.hasPermission(id(c), 'joinLeaveGroup')], [true, false, true], 'roles');
                await c.publish(g, 'x', { qos: 1 });
                is((await c.next()).topic, g, 'group');
            });
        }

        await test(`a token for other clients, ${how}`, async (t) => {
            for (const clientProtocol of [undefined, 'default']) {
                const { token } = await source.getClientAccessToken({ clientProtocol });
                for (const kind of kinds) {
                    const c = t.open(kind, kind.transport === 'ws'
                        ? { to: `${url.ws}?access_token=${token}` }
                        : { username: 'any', password: token });
                    ok(await c.refused(), 'refused');
                }
            }
        });
    }

    await test('a token that is about to expire, or for nobody', async (t) => {
        const { token } = await asking().getClientAccessToken({ clientProtocol: 'mqtt',
                                                                expirationTimeInMinutes: 1 });
        const { exp, sub, iat } = jwt.decode(token);
        is([sub, exp - iat], [undefined, 60], 'token');
        is(await thrown(asking().getClientAccessToken({ clientProtocol: 'socketio' })),
           [400, 'Error.BadRequest'], 'another protocol');
    });

    const { host, port } = new URL(endpoint);
    const address = host.replace(/:.*/, '');
    const ways = {
        'a slash': [`Endpoint=${endpoint}/;AccessKey=primarykey;`, 'chat'],
        'no version': [`Endpoint=${endpoint};AccessKey=primarykey`, 'chat'],
        'the second key': [`endpoint=${endpoint};accesskey=secondarykey`, 'chat'],
        'a port of its own': [`Endpoint=http://${address};AccessKey=primarykey;Port=${port};`,
                              'chat'],
        'the path of another API': [`Endpoint=${endpoint}/api;AccessKey=primarykey`, 'chat'],
        'a path': [`Endpoint=${endpoint}/some/place;AccessKey=primarykey`, 'chat'],
        'a path with a slash': [`Endpoint=${endpoint}/some/place/;AccessKey=primarykey`, 'chat'],
        'capitals': [`Endpoint=${endpoint};AccessKey=primarykey`, 'CHAT'],
        'a key': [endpoint, new AzureKeyCredential('primarykey'), 'chat'],
        'TLS': [`Endpoint=${https};AccessKey=primarykey`, 'chat'],
        'TLS that ends in front': [`Endpoint=${process.env.MQTT_PROXY};AccessKey=primarykey`,
                                   'chat'],
    };

    for (const [name, how] of Object.entries(ways)) {
        await test(`configured with ${name}`, async (t) => {
            const c = await join(t, kinds[1], { userId: 'anna', groups: ['a/b'] });
            const d = await join(t, kinds[0], { groups: ['a/b'] });
            const one = new WebPubSubServiceClient(...how, {
                ...insecure, tlsOptions: { rejectUnauthorized: false } });

            await one.sendToAll('x', { excludedConnections: [id(d)],
                                       filter: 'userId eq \'anna\'' });
            is((await c.next()).text, '"x"', 'message');
            await one.group('a/b').sendToAll('y');
            is([(await c.next()).text, (await d.next()).text], ['"y"', '"y"'], 'to the group');

            is(await members(one, 'a/b'), [id(c), id(d)].sort(), 'members by their links');
        });
    }

    await test('hubs apart from each other', async (t) => {
        const other = service('Other.Hub', {}, 'anykey');
        const made = await other.getClientAccessToken({ clientProtocol: 'mqtt', groups: ['g'] });
        const c = await t.connect(kinds[1], { to: made.url });

        is([await other.connectionExists(id(c)), await s.connectionExists(id(c))], [true, false],
           'where it is');
        await s.sendToAll('chat');
        await s.group('g').sendToAll('chat');
        await other.group('g').sendToAll('other');
        is((await c.next()).text, '"other"', 'message');
        is((await thrown(service('other.hub').sendToAll('x')))[0], 401, 'a key of another hub');
    });

    await test('behind a proxy that has another name', async (t) => {
        const [c, d] = [await join(t, kinds[1]), await join(t, kinds[2])];
        const one = new WebPubSubServiceClient('http://mqtt.example.com',
            new AzureKeyCredential('primarykey'), 'chat',
            { ...insecure, reverseProxyEndpoint: process.env.MQTT_OTHER });

        await one.group('a/b').addConnection(id(c));
        await one.group('a/b').addConnection(id(d));
        await one.group('a/b').sendToAll('x');
        is([(await c.next()).text, (await d.next()).text], ['"x"', '"x"'], 'message');
        is(await members(one, 'a/b'), [id(c), id(d)].sort(), 'members by their links');
    });

    await test('a reload', async (t) => {
        const c = await join(t, kinds[1]);
        const one = service();

        for (const n of numbers(3)) {
            await Promise.all(numbers(8).map(() => one.sendToConnection(id(c), Number(n))));
            await command('reload');
        }
        await one.sendToConnection(id(c), 'end');
        is((await c.until('"end"')).length, 24, 'messages');
    });

    done();
}

main();
