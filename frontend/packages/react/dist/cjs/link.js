"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Link = void 0;
const socket_io_client_1 = require("socket.io-client");
const api_js_1 = require("./api.js");
const apply_js_1 = require("./apply.js");
const contract_js_1 = require("./contract.js");
const order_js_1 = require("./order.js");
const place_js_1 = require("./place.js");
const refresh_js_1 = require("./refresh.js");
/** Waits before a refused connection that may be let in later is tried again, in ms. */
const retryWaits = [1_000, 2_000, 5_000, 10_000, 30_000];
/** Refusals that pass by themselves. */
const passing = ["rate_limited", "unavailable"];
/** What the server answered to a handshake by polling, where it said why not; a WebSocket tells nothing. */
function answered(error) {
    try {
        const { code, detail } = JSON.parse(error.context?.responseText ?? "");
        if (code && detail)
            return new api_js_1.ReelroomError(detail, code, error.context?.status);
    }
    catch {
        // no answer, or none of this server's
    }
    return undefined;
}
/** A socket's listeners, put on by start and taken off by stop. */
class Link {
    token;
    handlers;
    socket;
    own;
    place;
    refresh;
    listeners;
    retry;
    refusals = 0;
    constructor(given, url, token, handlers) {
        this.token = token;
        this.handlers = handlers;
        this.own = !given;
        this.place = new place_js_1.LastPlace(given ? null : `reelroom.cursor ${url}`);
        this.socket = given ?? connectTo(url, token, this.place);
        this.refresh = new refresh_js_1.Refresh(token, (fresh, answer) => this.send("auth:refresh", { token: fresh }, (ack) => answer(ack)));
        const seeTo = {
            "auth:expiring": (payload) => this.refresh.begin(payload.expiresAt),
            "stream:ready": (payload) => this.ready(payload),
            "stream:reset": (payload) => this.reset(payload),
        };
        for (const name of apply_js_1.videoEvents)
            seeTo[name] = (payload, cursor) => handlers.event(name, payload, cursor);
        this.listeners = [
            ["connect", () => this.up()],
            ["connect_error", (error) => this.failed(error)],
            ["disconnect", (reason) => this.down(reason)],
            ...contract_js_1.eventNames.map((name) => [
                name,
                (payload, ...rest) => {
                    const last = rest.at(-1);
                    const cursor = typeof last === "string" ? last : "";
                    // What tells of the connection itself stands at a place, but is no event of the log.
                    const logged = /^(video|upload|chat|server|notification):/.test(name);
                    const twice = logged && (0, order_js_1.covers)(this.place.cursor, cursor);
                    if (logged)
                        this.place.move(cursor);
                    seeTo[name]?.(payload, cursor);
                    if (!twice)
                        handlers.heard(name, payload, cursor);
                },
            ]),
        ];
    }
    get connected() {
        return this.socket.connected;
    }
    /** The place to come back with: everything up to it was received. */
    get cursor() {
        return this.place.cursor;
    }
    /** Whether a connection after stop goes on from the cursor: the own socket asks for that, an app's may have heard more. */
    get resumes() {
        return this.own && this.place.cursor !== null;
    }
    start() {
        for (const [name, listener] of this.listeners)
            this.socket.on(name, listener);
        if (this.socket.connected) {
            // Whatever the socket has recovered, it was before anybody listened here.
            this.handlers.connection({ state: "connected", error: null });
            this.handlers.up("nothing");
            return;
        }
        this.handlers.connection({ state: "connecting", error: null });
        if (this.own)
            this.socket.connect();
    }
    stop() {
        clearTimeout(this.retry);
        this.refresh.stop();
        this.place.save();
        for (const [name, listener] of this.listeners)
            this.socket.off(name, listener);
        if (this.own)
            this.socket.disconnect();
        this.handlers.connection({ state: "idle", error: null });
    }
    /** Sends a request and hands on its answer; lost with the connection. */
    send(event, argument, answer) {
        if (!this.socket.connected)
            return;
        if (answer)
            this.socket.emit(event, argument, answer);
        else
            this.socket.emit(event, argument);
    }
    up() {
        this.refusals = 0;
        this.handlers.connection({ state: "connected", error: null });
        // Clients before 4.6 do not know of recovered.
        if (this.socket.recovered)
            this.handlers.up("resumed");
        else
            this.handlers.up(this.place.cursor === null ? "nothing" : "unknown");
    }
    ready({ recovered, cursor }) {
        // A place that was reached before says that nothing has happened since.
        const missed = !recovered && !(0, order_js_1.covers)(this.place.cursor, cursor);
        this.place.move(cursor);
        this.handlers.ready(missed, cursor);
    }
    reset({ cursor }) {
        this.place.move(cursor);
        this.handlers.reset(cursor);
    }
    failed(error) {
        if (this.socket.active) {
            this.handlers.connection({ state: "reconnecting", error: answered(error) ?? new api_js_1.ReelroomError("The server cannot be reached.", "network") });
            return;
        }
        const { code = "unknown", retryAfter = 0 } = error.data ?? {};
        this.refused(new api_js_1.ReelroomError(error.message, code), retryAfter * 1000);
    }
    down(reason) {
        this.refresh.stop();
        if (this.socket.active)
            this.handlers.connection({ state: "reconnecting", error: null });
        else if (reason === "io server disconnect")
            this.refused(new api_js_1.ReelroomError("The server closed the connection.", "unknown"));
        else
            this.handlers.connection({ state: "idle", error: null });
    }
    /** A fresh token may be let in, so a token function is asked again after a while. */
    refused(error, least = 0) {
        this.handlers.connection({ state: "refused", error });
        if (!this.own || (typeof this.token !== "function" && !passing.includes(error.code)))
            return;
        const wait = retryWaits[Math.min(this.refusals++, retryWaits.length - 1)];
        clearTimeout(this.retry);
        this.retry = setTimeout(() => this.socket.connect(), Math.max(wait, least));
    }
}
exports.Link = Link;
function connectTo(url, token, place) {
    return (0, socket_io_client_1.io)(url || undefined, {
        autoConnect: false,
        auth: (give) => {
            const after = place.cursor ?? undefined;
            // A token that cannot be had is answered by the server as a missing one.
            (0, api_js_1.resolveToken)(token).then((t) => give({ token: t, after }), () => give({ after }));
        },
    });
}
