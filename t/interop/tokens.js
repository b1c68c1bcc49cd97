'use strict';

// Tokens that @azure/web-pubsub signs, with MQTT.js.

const { kinds, test, done, is, ok, unique } = require('./lib');
const { WebPubSubServiceClient } = require('@azure/web-pubsub');

const endpoint = process.env.MQTT_HTTP;

const service = (key) => new WebPubSubServiceClient(
    `Endpoint=${endpoint};AccessKey=${key};Version=1.0;`, 'keyed',
    { allowInsecureConnection: true });


async function main() {
    const ws = kinds.filter((k) => k.transport === 'ws');
    const tcp = kinds.filter((k) => k.transport === 'tcp');

    for (const key of ['primarykey', 'secondarykey']) {
        for (const kind of ws) {
            await test(`a URL by the ${key} [${kind.name}]`, async (t) => {
                const group = unique('group/');
                const { url, token } = await service(key).getClientAccessToken({
                    clientProtocol: 'mqtt', userId: 'joe',
                    roles: [`webpubsub.joinLeaveGroup.${group}`,
                            'webpubsub.sendToGroup'],
                    groups: ['given'],
                });

                const c = await t.connect(kind, { to: url });
                is(await c.subscribe(group, { qos: 1 }), [1], 'SUBACK');
                await c.publish(group, 'x', { qos: 1 });
                is((await c.take(1))[0].text, 'x', 'message');
                await c.publish('given', 'y', { qos: 1 });
                is((await c.take(1))[0].topic, 'given', 'group');
                is(await c.denied(unique('other/'), { qos: 0 }),
                   [kind.version === 5 ? 0x87 : 0x80], 'another group');

                const bare = url.replace(/\?.*/, '');
                const byHeader = await t.connect(kind, {
                    to: bare,
                    wsOptions: { headers: { authorization: `Bearer ${token}` } },
                });
                ok(byHeader.connack, 'CONNACK by header');

                const refused = t.open(kind, { to: `${bare}?access_token=${token}x` });
                ok(await refused.refused(), 'refused');
            });
        }

        for (const kind of tcp) {
            await test(`a password by the ${key} [${kind.name}]`, async (t) => {
                const { token } = await service(key).getClientAccessToken({
                    clientProtocol: 'mqtt', userId: 'joe',
                    roles: ['webpubsub.joinLeaveGroup', 'webpubsub.sendToGroup'],
                });

                const c = await t.connect(kind, { hub: 'keyed', username: 'joe',
                                                  password: token });
                const topic = unique('t/');
                await c.subscribe(topic, { qos: 1 });
                await c.publish(topic, 'x', { qos: 1 });
                is((await c.take(1))[0].text, 'x', 'message');
            });
        }
    }

    for (const kind of kinds) {
        await test(`another key [${kind.name}]`, async (t) => {
            const { url, token } = await service('thirdkey').getClientAccessToken({
                clientProtocol: 'mqtt', userId: 'joe',
            });
            const c = t.open(kind, kind.transport === 'ws'
                                   ? { to: url }
                                   : { hub: 'keyed', username: 'u', password: token });
            ok(await c.refused(), 'refused');
        });
    }

    done();
}

main();
