/** How often a batch is looked at that changes without an event: files still arrive, or it is being ended. */
const restless = 2_000;
/** How a batch stands. Every event of one of its videos may change that. */
export function batchQuestion(api, id) {
    return {
        name: `batch ${id}`,
        ask: (signal) => api.get(`/batch/${encodeURIComponent(id)}/status`, signal),
        concerns: (_, { batchId }) => batchId === id,
        // A running stage's percent may be read a little earlier than another one's.
        merge: (fresh, held) => (held && !fresh.receiving && !held.receiving && fresh.progress < held.progress ? { ...fresh, progress: held.progress } : fresh),
        changesIn: ({ receiving, cancelling }) => (receiving || cancelling ? restless : null),
    };
}
/** How many videos stand where. Within a stage nothing of that changes. */
export function countsQuestion(api) {
    return {
        name: "counts",
        ask: (signal) => api.get("/api/videos/counts", signal),
        concerns: (name, payload) => name !== "video:progress" || payload.stage === "metadata",
        merge: (fresh) => fresh,
        changesIn: () => null,
    };
}
