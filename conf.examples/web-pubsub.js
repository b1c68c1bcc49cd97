'use strict';

// The application behind web-pubsub.conf, where it says how to run both.  HOST
// and PORT in the environment change where it listens.
//
// MQTT clients connect with a user name, those of Web PubSub with "user" in their
// URL, "mallory" excepted.  They may publish and subscribe to what begins with
// "chat/", are subscribed to "chat/all" from the start, and get the sum of all
// numbers that they have published to $webpubsub/server/events/add, or sent as the
// event "add".

const express = require('express');
const { WebPubSubEventHandler } = require('@azure/web-pubsub-express');

const host = process.env.HOST || '127.0.0.1';
const port = Number(process.env.PORT || 3000);

const handler = new WebPubSubEventHandler('chat', {
    path: '/eventhandler',

    handleConnect(request, response) {
        const { mqtt, queries } = request;
        const username = mqtt ? mqtt.username : queries?.user?.[0];

        if (!username) {
            response.fail(401, 'a user name is needed');
            return;
        }

        if (username === 'mallory') {
            if (mqtt) {
                const code = mqtt.protocolVersion === 5 ? 138 : 5;
                response.failWith({ mqtt: { code, reason: 'banned' } });
            } else {
                response.fail(403, 'banned');
            }
            return;
        }

        response.success({
            userId: username,
            groups: ['chat/all'],
            roles: ['webpubsub.joinLeaveGroups.chat/**', 'webpubsub.sendToGroups.chat/**'],
            ...(mqtt && {
                mqtt: { userProperties: [{ name: 'greeting', value: `hello ${username}` }] },
            }),
        });
    },

    onConnected({ context }) {
        console.log(`${context.userId} came as ${context.connectionId}`);
    },

    onDisconnected({ context, mqtt }) {
        const how = mqtt?.disconnectPacket ? `code ${mqtt.disconnectPacket.code}` : 'no word';
        console.log(`${context.userId} left as ${context.connectionId} with ${how}`);
    },

    handleUserEvent(request, response) {
        const { eventName, userId, states } = request.context;
        const number = Number(request.data);

        if (eventName !== 'add' || !Number.isFinite(number)) {
            response.fail(400, 'numbers can be added');
            return;
        }

        const sum = (states.sum ?? 0) + number;
        response.setState('sum', sum);
        response.success(JSON.stringify({ user: userId, sum }), 'json');
    },
});

const app = express();

app.use(handler.getMiddleware());
app.listen(port, host, () => console.log(`listening on ${host}:${port}`));
