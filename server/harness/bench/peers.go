package bench

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"reelroom/server/harness/load"
)

// peerFiles are the script of the Node peer and what it needs from npm.
//
//go:embed peer/peer.mjs peer/package.json peer/package-lock.json
var peerFiles embed.FS

// reelroom is the server of this project, without a worker.
func (b *bench) reelroom() *peer {
	p := &peer{name: ours, about: "this server", clustered: b.redis != nil && b.MongoURI != ""}
	p.start = func(ctx context.Context, nodes int, shared bool) (*setup, error) {
		s := &setup{peer: p, dialect: load.SocketIO{}, token: minted(b.secret, "viewer", nil)}
		// All clients come from this machine.
		env := []string{"PORT=0", "WORKER=off", "LOG_LEVEL=error", "JWT_SECRET=" + b.secret, "LIMIT_ADDRESS_CONNECTIONS=0", "LIMIT_ADDRESS_HANDSHAKES=0"}
		dir, err := os.MkdirTemp(b.dir, "data-")
		if err != nil {
			return nil, err
		}
		if b.redis != nil {
			if err := b.redis.flush(ctx); err != nil {
				return nil, err
			}
			env = append(env, "REDIS_URL="+b.redis.url())
		}
		var proxies []*storeProxy
		s.clean = func() {
			for _, p := range proxies {
				p.close()
			}
			_ = os.RemoveAll(dir)
		}
		database := b.database()
		for i := range nodes {
			own := append(slices.Clone(env), "DATA_DIR="+filepath.Join(dir, fmt.Sprint("node", i)))
			if shared {
				proxy, uri := counted(database)
				if proxy != nil {
					proxies = append(proxies, proxy)
					s.reads = func(node int) int64 { return proxies[node].reads.Load() }
				}
				own = append(own, "BLOB_URL=file://"+dir, "MONGODB_URI="+uri)
			}
			proc, err := spawn(ctx, fmt.Sprint(ours, " ", i), true, own, b.Server)
			if err != nil {
				s.close()
				return nil, err
			}
			s.nodes = append(s.nodes, proc)
			s.urls = append(s.urls, strings.Replace(proc.address, "localhost", "127.0.0.1", 1))
			if err := b.ready(ctx, s.urls[i]+"/readyz"); err != nil {
				s.close()
				return nil, fmt.Errorf("%s: %w: %s", ours, err, proc.said)
			}
		}
		admin := minted(b.secret, "admin", nil)
		api := func(i int) load.API {
			return load.API{HTTP: b.http, URL: s.urls[i], Token: func() (string, error) { return admin(0) }}
		}
		video, err := api(0).Upload(ctx, "bench")
		if err != nil {
			s.close()
			return nil, err
		}
		s.publish = func(ctx context.Context, i int, m load.Marker) error {
			return api(i).Publish(ctx, video, m, b.Pad+s.pad)
		}
		return s, nil
	}
	return p
}

// nodePeer is the official server.
func (b *bench) nodePeer() *peer {
	p := &peer{name: node, about: "Node socket.io 4.8.4", around: 127, clustered: b.redis != nil}
	p.start = func(ctx context.Context, nodes int, shared bool) (*setup, error) {
		s := &setup{peer: p, dialect: load.SocketIO{}, token: minted(b.secret, "viewer", nil)}
		env := []string{"JWT_SECRET=" + b.secret, "NODE_ENV=production"}
		if shared {
			env = append(env, "REDIS_URL="+b.redis.url())
		}
		for i := range nodes {
			proc, err := spawn(ctx, fmt.Sprint(node, " ", i), true, env, b.nodeProgram, filepath.Join(b.dir, "peer", "peer.mjs"))
			if err != nil {
				s.close()
				return nil, err
			}
			s.nodes = append(s.nodes, proc)
			s.urls = append(s.urls, proc.address)
		}
		s.publish = func(ctx context.Context, i int, m load.Marker) error {
			return post(ctx, b.http, s.urls[i]+"/emit", nil, map[string]any{"room": "org:" + org, "event": "video:updated", "data": p.payload(m, b.report.FrameBytes+s.pad)})
		}
		return s, nil
	}
	return p
}

// installNode puts the peer and its packages into the work folder.
func (b *bench) installNode(ctx context.Context) (err error) {
	if b.nodeProgram, err = exec.LookPath("node"); err != nil {
		return err
	}
	dir := filepath.Join(b.dir, "peer")
	if err := os.CopyFS(b.dir, peerFiles); err != nil {
		return err
	}
	if b.NodeModules != "" {
		modules, err := filepath.Abs(b.NodeModules)
		if err != nil {
			return err
		}
		return os.Symlink(modules, filepath.Join(dir, "node_modules"))
	}
	b.Note("installing the peer's packages with npm")
	cmd := exec.CommandContext(ctx, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("npm ci: %w: %.300s", err, out)
	}
	return nil
}

// centrifugoPeer is a Centrifugo that somebody has built.
func (b *bench) centrifugoPeer() *peer {
	p := &peer{name: centrifugo, about: "Centrifugo", around: 118, clustered: b.redis != nil}
	const key = "bench"
	p.start = func(ctx context.Context, nodes int, shared bool) (*setup, error) {
		s := &setup{peer: p, dialect: load.Centrifugo{Channel: org}, token: minted(b.secret, "", map[string]any{"channels": []string{org}})}
		for i := range nodes {
			port, err := freePort()
			if err != nil {
				s.close()
				return nil, err
			}
			settings := map[string]any{
				"token_hmac_secret_key": b.secret, "api_key": key, "address": "127.0.0.1", "port": port, "log_level": "error",
				"health": true, "history_size": 1000, "history_ttl": "900s", "force_recovery": true,
			}
			if shared {
				settings["engine"], settings["redis_address"] = "redis", b.redis.url()
			}
			raw, err := json.Marshal(settings)
			file := filepath.Join(b.dir, fmt.Sprintf("centrifugo-%d.json", i))
			if err == nil {
				err = os.WriteFile(file, raw, 0o600)
			}
			var proc *process
			if err == nil {
				proc, err = spawn(ctx, fmt.Sprint(centrifugo, " ", i), false, nil, b.Centrifugo, "--config", file)
			}
			if err != nil {
				s.close()
				return nil, err
			}
			s.nodes = append(s.nodes, proc)
			s.urls = append(s.urls, fmt.Sprintf("http://127.0.0.1:%d", port))
			if err := b.ready(ctx, s.urls[i]+"/health"); err != nil {
				s.close()
				return nil, fmt.Errorf("%s: %w: %s", centrifugo, err, proc.said)
			}
		}
		s.publish = func(ctx context.Context, i int, m load.Marker) error {
			return post(ctx, b.http, s.urls[i]+"/api/publish", map[string]string{"X-API-Key": key}, map[string]any{"channel": org, "data": p.payload(m, b.report.FrameBytes+s.pad)})
		}
		return s, nil
	}
	return p
}

// floorPeer is a server that does nothing but write the frame to each
// connection: no protocol, no token, no queue. It is this program itself.
func (b *bench) floorPeer() *peer {
	p := &peer{name: floor, about: "a bare Write to each connection", around: 93}
	p.start = func(ctx context.Context, _ int, _ bool) (*setup, error) {
		proc, err := spawn(ctx, floor, true, nil, b.Self[0], b.Self[1:]...)
		if err != nil {
			return nil, err
		}
		s := &setup{peer: p, nodes: []*process{proc}, urls: []string{proc.address}, dialect: load.Bare{}}
		s.publish = func(ctx context.Context, _ int, m load.Marker) error {
			return post(ctx, b.http, proc.address+"/emit", nil, map[string]any{"event": "video:updated", "data": p.payload(m, b.report.FrameBytes+s.pad)})
		}
		return s, nil
	}
	return p
}

// ready waits until an address answers with 200.
func (b *bench) ready(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		if resp, err := b.http.Do(req); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return errors.New("not ready in time")
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// freePort returns a loopback port that nobody listens on.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
