package models

import "time"

// Console is what an admin sees of the installation: what concerns the own
// organization, over all nodes, and nothing of any other.
type Console struct {
	At time.Time `json:"at"`
	// Nodes are the servers that have answered.
	Nodes       []ConsoleNode      `json:"nodes"`
	Connections ConsoleConnections `json:"connections"`
	Queue       ConsoleQueue       `json:"queue"`
	// Latency is that of the last minute.
	Latency ConsoleLatency `json:"latency"`
	Limits  []ConsoleLimit `json:"limits"`
	// Series is what was measured in the last ten minutes, oldest first.
	Series []ConsolePoint `json:"series"`
	// Missing names what could not be had in time: "nodes" (others than the one
	// that answers), "queue", "workers", "limits".
	Missing []string `json:"missing"`
}

// ConsoleNode is one server.
type ConsoleNode struct {
	// ID is new with each start.
	ID        string    `json:"id"`
	StartedAt time.Time `json:"startedAt"`
	// Connections are the organization's there.
	Connections int `json:"connections"`
}

// ConsoleConnections are the organization's connections.
type ConsoleConnections struct {
	Total int `json:"total"`
	// ByDoor counts them by door: "socketio", "sse", "ws", "ws-batch", "poll".
	ByDoor map[string]int `json:"byDoor"`
	// Items are the newest, 200 at most, newest first; More is how many are not
	// among them.
	Items []ConsoleConnection `json:"items"`
	More  int                 `json:"more"`
}

// ConsoleConnection is one connection. Its UserID, or its TokenID where it has
// one, is what POST /api/auth/revocations takes to end it.
type ConsoleConnection struct {
	ID     string `json:"id"`
	Node   string `json:"node"`
	UserID string `json:"userId"`
	// TokenID is the token's jti; "" where it has none.
	TokenID string `json:"tokenId,omitempty"`
	Role    Role   `json:"role"`
	// Door is one of those of [ConsoleConnections.ByDoor]; Transport is
	// "websocket", "polling" or "http".
	Door      string `json:"door"`
	Transport string `json:"transport"`
	// Address is where the client comes from, behind the trusted proxies.
	Address     string    `json:"address"`
	ConnectedAt time.Time `json:"connectedAt"`
	// Rooms is how many rooms it is in; Videos are those it follows, at most 10.
	Rooms  int      `json:"rooms"`
	Videos []string `json:"videos"`
	// RTTMs is the last round trip of a ping, in ms; null where none was measured.
	RTTMs *float64 `json:"rttMs"`
	// Sent counts the events that it was handed, QueuedBytes is what waits for it.
	Sent        uint64 `json:"sent"`
	QueuedBytes int    `json:"queuedBytes"`
}

// ConsoleQueue is the organization's work.
type ConsoleQueue struct {
	Waiting int `json:"waiting"`
	Running int `json:"running"`
	// OldestSeconds is how long the first that waits has done so; 0 for none.
	OldestSeconds float64         `json:"oldestSeconds"`
	Workers       []ConsoleWorker `json:"workers"`
}

// ConsoleWorker is one process that works on videos.
type ConsoleWorker struct {
	// ID is new with each start.
	ID string `json:"id"`
	// Concurrency is how many videos it works on at once, Busy how many it does.
	Concurrency int `json:"concurrency"`
	Busy        int `json:"busy"`
	// Videos are the organization's own among them.
	Videos []ConsoleTask `json:"videos"`
}

// ConsoleTask is a video that is being worked on.
type ConsoleTask struct {
	VideoID string `json:"videoId"`
	Title   string `json:"title"`
	Stage   Stage  `json:"stage"`
	Attempt int    `json:"attempt"`
}

// ConsoleLatency is how long events take from their time until they were
// written to their sockets; null where none was.
type ConsoleLatency struct {
	P50Ms *float64 `json:"p50Ms"`
	P99Ms *float64 `json:"p99Ms"`
}

// ConsoleLimit is one limit, and what is used of it.
type ConsoleLimit struct {
	// Name is as in the metrics: "connections", "downloads", "events", "queued",
	// "unfinished_uploads", "unfinished_bytes".
	Name string `json:"name"`
	Used int64  `json:"used"`
	// Limit is 0 for none.
	Limit int64 `json:"limit"`
	// Unit is "connections", "files", "events", "videos", "uploads", "bytes". For
	// events, Limit is what may come at once, half of that each second, and Used
	// what of it is not free again.
	Unit string `json:"unit"`
}

// ConsolePoint is what was measured in some seconds that began at At.
type ConsolePoint struct {
	At time.Time `json:"at"`
	// Events came into the log, Delivered were handed to clients: each in a second.
	Events    float64  `json:"events"`
	Delivered float64  `json:"delivered"`
	P50Ms     *float64 `json:"p50Ms"`
	P99Ms     *float64 `json:"p99Ms"`
	// Waiting and Running videos, and Connections; null where nobody looked.
	Waiting     *int `json:"waiting"`
	Running     *int `json:"running"`
	Connections *int `json:"connections"`
}
