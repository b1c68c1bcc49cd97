'use strict';

// Chromium without a window, spoken to over a pipe in the DevTools protocol.

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { mkdtempSync, rmSync } = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { TIMEOUT, fail, within } = require('./lib');


class Browser {

    static async start(program) {
        const browser = new Browser(program);
        await browser.call('Browser.getVersion');
        return browser;
    }

    // All that it writes is in a directory of its own.

    constructor(program) {
        this.home = mkdtempSync(path.join(os.tmpdir(), 'browser-'));
        this.calls = new Map();
        this.listeners = new Set();
        this.lastId = 0;
        this.said = '';

        this.process = spawn(program, [
            '--headless', '--remote-debugging-pipe', `--user-data-dir=${this.home}`,
            '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run',
            '--disable-breakpad', '--disable-background-networking',
        ], {
            env: { ...process.env, HOME: this.home, TMPDIR: this.home },
            stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
        });
        this.ended = once(this.process, 'exit').then(() => {
            for (const { reject } of this.calls.values()) {
                reject(new Error(`the browser has ended: ${this.said}`));
            }
        });

        this.process.stderr.on('data', (data) => { this.said += data; });
        this.process.stdio[3].on('error', () => {});

        let input = '';
        this.process.stdio[4].setEncoding('utf8').on('data', (data) => {
            const messages = (input + data).split('\0');
            input = messages.pop();
            messages.forEach((message) => this.received(JSON.parse(message)));
        });
    }

    received({ id, method, params, sessionId, error, result }) {
        if (id === undefined) {
            this.listeners.forEach((listener) => listener(method, params, sessionId));
            return;
        }

        const { resolve, reject } = this.calls.get(id);
        this.calls.delete(id);
        if (error) {
            reject(new Error(error.message));
        } else {
            resolve(result);
        }
    }

    call(method, params = {}, sessionId = undefined) {
        const id = ++this.lastId;
        const called = new Promise((resolve, reject) => this.calls.set(id, { resolve, reject }));

        this.process.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
        return within(called, () => `an answer to ${method}`);
    }

    async open(url) {
        const { targetId } = await this.call('Target.createTarget', { url: 'about:blank' });
        const { sessionId } = await this.call('Target.attachToTarget', { targetId, flatten: true });
        const page = new Page(this, sessionId);

        await page.open(url);
        return page;
    }

    async close() {
        await this.call('Browser.close');
        await within(this.ended, () => 'the browser to end');
        rmSync(this.home, { recursive: true, force: true });
    }
}


class Page {

    constructor(browser, session) {
        this.browser = browser;
        this.session = session;
        this.requests = [];         // URLs
        this.complaints = [];       // of the console

        browser.listeners.add((method, params, sessionId) => {
            if (sessionId === session) {
                this.heard(method, params);
            }
        });
    }

    heard(method, params) {
        if (method === 'Network.requestWillBeSent') {
            this.requests.push(params.request.url);

        } else if (method === 'Network.webSocketCreated') {
            this.requests.push(params.url);

        } else if (method === 'Runtime.exceptionThrown') {
            const { text, exception } = params.exceptionDetails;
            this.complaints.push(`${text} ${exception?.description}`);

        } else if (method === 'Log.entryAdded') {
            this.complaints.push(params.entry.text);

        } else if (method === 'Page.loadEventFired') {
            this.loaded();
        }
    }

    call(method, params) {
        return this.browser.call(method, params, this.session);
    }

    async open(url) {
        const loaded = new Promise((resolve) => { this.loaded = resolve; });

        await Promise.all(['Page', 'Network', 'Runtime', 'Log']
                          .map((domain) => this.call(`${domain}.enable`)));
        await this.call('Page.navigate', { url });
        await within(loaded, () => `${url} to load`);
    }

    // Calls a function in the page, and waits for what it returns.

    async run(code, ...args) {
        const { result, exceptionDetails } = await this.call('Runtime.evaluate', {
            expression: `(${code})(...${JSON.stringify(args)})`,
            awaitPromise: true,
            returnByValue: true,
            allowUnsafeEvalBlockedByCSP: false,
        });

        if (exceptionDetails) {
            const { value, description } = exceptionDetails.exception;
            fail(value ?? description);
        }

        return result.value;
    }

    // Waits until an element has this text in it, and returns all it has.

    until(selector, text) {
        return this.run((selectorThere, textThere, ms) => new Promise((resolve, reject) => {
            const all = () => [...document.querySelectorAll(selectorThere)]
                              .map((element) => element.textContent);
            const look = () => {
                const found = all().find((content) => content.includes(textThere));
                if (found !== undefined) {
                    observer.disconnect();
                    resolve(found);
                }
            };

            const observer = new MutationObserver(look);
            observer.observe(document, { subtree: true, childList: true, characterData: true });
            setTimeout(() => reject(`waited in vain for "${textThere.slice(0, 200)}" in`
                                    + ` ${selectorThere}: ${all().join(' | ').slice(-1000)}`), ms);
            look();
        }), selector, text, TIMEOUT / 2);
    }
}


module.exports = { Browser };
