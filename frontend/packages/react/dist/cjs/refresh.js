"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Refresh = void 0;
const api_js_1 = require("./api.js");
/** Tries in the minute between the server's word and the token's end, and the time between two, in ms. */
const maxTries = 5;
const tryWait = 10_000;
/** Gives the server a fresh token before the old one ends, so that the connection lives on. */
class Refresh {
    token;
    send;
    timer;
    round = 0;
    constructor(token, send) {
        this.token = token;
        this.send = send;
    }
    /** The token that ends then is to be replaced. Without a function there is no other one. */
    begin(expiresAt) {
        this.stop();
        if (typeof this.token === "function")
            void this.attempt(this.token, expiresAt, this.round, 1);
    }
    stop() {
        this.round++;
        clearTimeout(this.timer);
    }
    async attempt(make, expiresAt, round, tries) {
        if (tries < maxTries)
            this.timer = setTimeout(() => void this.attempt(make, expiresAt, round, tries + 1), tryWait);
        let token;
        try {
            token = await (0, api_js_1.resolveToken)(make);
        }
        catch {
            return; // the next try asks again
        }
        if (round !== this.round || !token)
            return;
        this.send(token, (ack) => {
            // The same token once more is no step on: the function may have a newer one later.
            if (round === this.round && ack.ok && Date.parse(ack.expiresAt) > Date.parse(expiresAt))
                this.stop();
        });
    }
}
exports.Refresh = Refresh;
