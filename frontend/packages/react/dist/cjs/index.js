"use strict";
var __createBinding = (this && this.__createBinding) || (Object.create ? (function(o, m, k, k2) {
    if (k2 === undefined) k2 = k;
    var desc = Object.getOwnPropertyDescriptor(m, k);
    if (!desc || ("get" in desc ? !m.__esModule : desc.writable || desc.configurable)) {
      desc = { enumerable: true, get: function() { return m[k]; } };
    }
    Object.defineProperty(o, k2, desc);
}) : (function(o, m, k, k2) {
    if (k2 === undefined) k2 = k;
    o[k2] = m[k];
}));
var __exportStar = (this && this.__exportStar) || function(m, exports) {
    for (var p in m) if (p !== "default" && !Object.prototype.hasOwnProperty.call(exports, p)) __createBinding(exports, m, p);
};
Object.defineProperty(exports, "__esModule", { value: true });
exports.useJobStatus = exports.useJobProgress = exports.useBatchProgress = exports.useVideoProgress = exports.useVideoLibrary = exports.useVideoIds = exports.useVideoDocument = exports.useVideoCounts = exports.useVideo = exports.useLibraryStore = exports.useEvents = exports.useConnection = exports.ReelroomProvider = exports.queryOf = exports.paramsOf = exports.createLibraryStore = exports.problemOf = exports.ReelroomError = exports.isFinal = void 0;
__exportStar(require("./contract.js"), exports);
var api_js_1 = require("./api.js");
Object.defineProperty(exports, "isFinal", { enumerable: true, get: function () { return api_js_1.isFinal; } });
Object.defineProperty(exports, "ReelroomError", { enumerable: true, get: function () { return api_js_1.ReelroomError; } });
Object.defineProperty(exports, "problemOf", { enumerable: true, get: function () { return api_js_1.problemOf; } });
var store_js_1 = require("./store.js");
Object.defineProperty(exports, "createLibraryStore", { enumerable: true, get: function () { return store_js_1.createLibraryStore; } });
var query_js_1 = require("./query.js");
Object.defineProperty(exports, "paramsOf", { enumerable: true, get: function () { return query_js_1.paramsOf; } });
Object.defineProperty(exports, "queryOf", { enumerable: true, get: function () { return query_js_1.queryOf; } });
var hooks_js_1 = require("./hooks.js");
Object.defineProperty(exports, "ReelroomProvider", { enumerable: true, get: function () { return hooks_js_1.ReelroomProvider; } });
Object.defineProperty(exports, "useConnection", { enumerable: true, get: function () { return hooks_js_1.useConnection; } });
Object.defineProperty(exports, "useEvents", { enumerable: true, get: function () { return hooks_js_1.useEvents; } });
Object.defineProperty(exports, "useLibraryStore", { enumerable: true, get: function () { return hooks_js_1.useLibraryStore; } });
Object.defineProperty(exports, "useVideo", { enumerable: true, get: function () { return hooks_js_1.useVideo; } });
Object.defineProperty(exports, "useVideoCounts", { enumerable: true, get: function () { return hooks_js_1.useVideoCounts; } });
Object.defineProperty(exports, "useVideoDocument", { enumerable: true, get: function () { return hooks_js_1.useVideoDocument; } });
Object.defineProperty(exports, "useVideoIds", { enumerable: true, get: function () { return hooks_js_1.useVideoIds; } });
Object.defineProperty(exports, "useVideoLibrary", { enumerable: true, get: function () { return hooks_js_1.useVideoLibrary; } });
Object.defineProperty(exports, "useVideoProgress", { enumerable: true, get: function () { return hooks_js_1.useVideoProgress; } });
var jobs_js_1 = require("./jobs.js");
Object.defineProperty(exports, "useBatchProgress", { enumerable: true, get: function () { return jobs_js_1.useBatchProgress; } });
Object.defineProperty(exports, "useJobProgress", { enumerable: true, get: function () { return jobs_js_1.useJobProgress; } });
Object.defineProperty(exports, "useJobStatus", { enumerable: true, get: function () { return jobs_js_1.useJobStatus; } });
