'use strict';

// The page of the quick start, in Chromium: two panes, messages between them,
// and what goes wrong.

const { test, done, is, ok, unique, command } = require('./lib');
const { Browser } = require('./browser');

const url = process.env.PAGE;
const MQTT = '#mqtt';
const PUBSUB = '#pubsub';


// Fills in a form of a pane, and presses a button of it.

function submit(page, pane, form, values = {}, button = 0) {
    return page.run((selector, given, n) => {
        const { elements } = document.querySelector(selector);
        for (const [name, value] of Object.entries(given)) {
            elements[name].value = value;
        }
        [...elements].filter((element) => element.type === 'submit')[n].click();
    }, `${pane} form[name=${form}]`, values, button);
}

async function connect(page, pane, values) {
    await submit(page, pane, 'connect', values);
    return page.until(`${pane} .status`, 'Connected as ');
}

async function join(page, pane, to) {
    await submit(page, pane, 'join', { to });
    await page.until(`${pane} .about`, `Joined ${to}.`);
}

async function part(page, pane, to) {
    await submit(page, pane, 'join', { to }, 1);
    await page.until(`${pane} .about`, `Left ${to}.`);
}

// What a pane hears of a message with this text: "topic, type".

async function heard(page, pane, text) {
    await page.until(`${pane} .heard .text`, text);
    return page.run((selector, wanted) => {
        const item = [...document.querySelectorAll(selector)]
                     .find((li) => li.querySelector('.text').textContent === wanted);
        return item.querySelector('.about').textContent.match(/Heard from (.*):$/)[1];
    }, `${pane} .heard`, text);
}

// The panes are on different workers, if there are two.

async function connectBoth(page) {
    await command('first');
    await connect(page, MQTT);
    await command('last');
    await connect(page, PUBSUB);
    await command('all');
}


// Nothing is wider than the window, and all can be read in both schemes.

async function looks(page, width, mobile) {
    await page.call('Emulation.setDeviceMetricsOverride',
                    { width, height: 800, deviceScaleFactor: 1, mobile });
    const needed = await page.run(() => document.documentElement.scrollWidth);
    ok(needed <= width, `${needed} px are needed`);

    const backgrounds = [];
    for (const scheme of ['light', 'dark']) {
        await page.call('Emulation.setEmulatedMedia',
                        { features: [{ name: 'prefers-color-scheme', value: scheme }] });
        const { background, contrast } = await page.run(colors);
        backgrounds.push(background);
        ok(contrast > 4.5, `contrast of ${contrast} where it is ${scheme}`);
    }
    ok(backgrounds[0] !== backgrounds[1], 'the schemes differ');
}

// In the page: the worst contrast of a text to what is behind it.

function colors() {
    const linear = (c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    const luminance = (color) => {
        const [r, g, b] = color.match(/[\d.]+/g).map((c) => linear(c / 255));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = (element) => {
        const color = getComputedStyle(element).backgroundColor;
        return color === 'rgba(0, 0, 0, 0)' ? behind(element.parentElement) : color;
    };
    const contrasts = [...document.querySelectorAll('h1, h2, p, label, input, button, .log div')]
        .map((element) => [getComputedStyle(element).color, behind(element)].map(luminance))
        .map(([a, b]) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05));

    return { background: behind(document.body), contrast: Math.min(...contrasts) };
}


// From each to the other, with the type that arrives; * stands for the topic.

const CROSSINGS = [
    [MQTT, PUBSUB, 'text/plain', 'text', 'plain \u00e9 in *'],
    [MQTT, PUBSUB, 'application/json', 'json', '{"json":[1,"\u00e9 in *"]}'],
    [MQTT, PUBSUB, 'application/octet-stream', 'binary', 'bytes \u00e9 in *'],
    [MQTT, PUBSUB, '', 'binary', 'of no type in *'],
    [PUBSUB, MQTT, 'text', 'text/plain', 'plain \u00e8 in *'],
    [PUBSUB, MQTT, 'json', 'application/json', '{"json":[2,"\u00e8 in *"]}'],
    [PUBSUB, MQTT, 'binary', 'application/octet-stream', 'bytes \u00e8 in *'],
];

async function crossings(page) {
    const topic = unique('cross/');

    await join(page, MQTT, `${topic}/+`);
    await join(page, PUBSUB, `${topic}/1`);

    for (const [from, at, kind, arrives, pattern] of CROSSINGS) {
        const text = pattern.replace('*', topic);
        await submit(page, from, 'publish', { to: `${topic}/1`, kind, text });
        is(await heard(page, at, text), `${topic}/1, ${arrives}`, `${kind} from ${from}`);
    }
}


async function notHtml(page) {
    const topic = unique('html/');
    const text = '<img src=x onerror="document.title = 1"><b>bold</b>';

    for (const pane of [MQTT, PUBSUB]) {
        await join(page, pane, `${topic}/<b>`);
    }
    for (const pane of [MQTT, PUBSUB]) {
        await submit(page, pane, 'publish', { to: `${topic}/<b>`, text: text + pane });
        for (const at of [MQTT, PUBSUB]) {
            await heard(page, at, text + pane);
        }
    }
    is(await page.run(() => document.querySelectorAll('img, b').length), 0, 'foreign elements');
}


async function leave(page) {
    const topic = unique('leave/');

    for (const [pane, other] of [[MQTT, PUBSUB], [PUBSUB, MQTT]]) {
        await join(page, pane, `${topic}/stay`);
        await join(page, pane, `${topic}/left`);
        await part(page, pane, `${topic}/left`);
        await submit(page, other, 'publish', { to: `${topic}/left`, text: `left ${pane}` });
        await page.until(`${other} .said .text`, `left ${pane}`);
        await submit(page, other, 'publish', { to: `${topic}/stay`, text: `stay ${pane}` });
        await heard(page, pane, `stay ${pane}`);
        const all = await page.run((selector) => document.querySelector(selector).textContent,
                                   `${pane} .log`);
        ok(!all.includes(`left ${pane}`), `${pane} does not hear what it left`);
    }
}


async function large(page) {
    const topic = unique('large/');
    const text = `${topic} ${'0123456789'.repeat(7000)}`;

    for (const pane of [MQTT, PUBSUB]) {
        await join(page, pane, topic);
    }
    for (const pane of [MQTT, PUBSUB]) {
        await submit(page, pane, 'publish', { to: topic, text: `${text} ${pane}` });
        for (const at of [MQTT, PUBSUB]) {
            await heard(page, at, `${text} ${pane}`);
        }
    }
}


async function errors(page) {
    await submit(page, MQTT, 'join', { to: 'a/#/b' });
    await page.until(`${MQTT} .error`, 'Error: the topic filter is not valid, MQTT code 0x8f');

    await submit(page, MQTT, 'publish', { to: '$webpubsub/nothing', text: '' });
    await page.until(`${MQTT} .error`, 'Error: not authorized');

    await submit(page, PUBSUB, 'join', { to: 'a/#' });
    await page.until(`${PUBSUB} .error`, 'Error: BadRequest, ');

    await submit(page, PUBSUB, 'publish', { to: 'a', kind: 'json', text: '{' });
    await page.until(`${PUBSUB} .error`, 'JSON');
}


async function refused(page) {
    for (const pane of [MQTT, PUBSUB]) {
        const path = await page.run((selector) => document.querySelector(selector).value,
                                    `${pane} input[name=path]`);

        await submit(page, pane, 'connect');
        await page.until(`${pane} .status`, 'Not connected: as you wished.');
        await submit(page, pane, 'connect', { path: '/nowhere' });
        await page.until(`${pane} .status`, 'Not connected: refused, ');
        await connect(page, pane, { path });
    }
}


(async () => {
    const browser = await Browser.start(process.env.TEST_BROWSER);
    const page = await browser.open(url);

    await test('the page loads nothing else', async () => {
        is(page.requests, [url], 'requests');
        is(page.complaints, [], 'complaints');
    });

    await test('its policy lets nothing else in', async () => {
        const tries = await page.run(() => [
            () => fetch('http://127.0.0.1/'),
            async () => { document.body.innerHTML = ''; },
            async () => eval('1'),
        ].reduce(async (before, one) => [...await before, await one().then(String, (e) => e.name)],
                 []));
        is(tries, ['TypeError', 'TypeError', 'EvalError'], 'what is thrown');
    });

    await test('all that can be filled in has a name', async () => {
        is(await page.run(() => [...document.querySelectorAll('input, select')]
                                .filter((element) => !element.labels[0]?.textContent.trim())
                                .length), 0, 'elements without a label');
    });

    await test('both connect, each to a worker of its own', () => connectBoth(page));
    await test('messages cross', () => crossings(page));
    await test('nobody hears what was left', () => leave(page));
    await test('large messages', () => large(page));
    await test('what others say is no HTML', () => notHtml(page));
    await test('errors in words', () => errors(page));
    await test('refused', () => refused(page));
    await test('on a phone', () => looks(page, 360, true));
    await test('on a desk', () => looks(page, 1280, false));

    await test('the server goes', async () => {
        await command('kill');
        for (const pane of [MQTT, PUBSUB]) {
            await page.until(`${pane} .failed`, 'broke without a word (WebSocket code 1006)');
        }
        await connectBoth(page);
        await crossings(page);
    });

    await browser.close();
    done();
})();
