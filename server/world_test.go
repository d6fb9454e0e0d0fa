//go:build linux

package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/models/modelstest/testenv"
	"reelroom/server/auth"
)

// story is what was done to a world and what its people saw, in order.
type story struct {
	began time.Time
	mu    sync.Mutex
	lines []string
}

func (s *story) note(format string, args ...any) {
	line := fmt.Sprintf("%8.3f  ", time.Since(s.began).Seconds()) + fmt.Sprintf(format, args...)
	s.mu.Lock()
	s.lines = append(s.lines, line)
	s.mu.Unlock()
}

// about returns the lines that hold one of the words.
func (s *story) about(words ...string) (found []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, line := range s.lines {
		for _, word := range words {
			if word != "" && strings.Contains(line, word) {
				found = append(found, line)
				break
			}
		}
	}
	return found
}

// member is a process of a world. It is started again whenever it ends, as a
// service manager would.
type member struct {
	name    string
	command func() *exec.Cmd
	story   *story
	// prepare, when set, is called before each start.
	prepare func()
	// listens holds the address that the process said it listens at.
	listens atomic.Pointer[string]
	// rest is how long it stays away after its next end.
	rest atomic.Int64
	// busy is held by the fault that the process suffers.
	busy atomic.Bool

	mu     sync.Mutex
	pid    int // 0 while it is away
	starts int
}

// restTime is how long a process stays away that nobody gave another time.
const restTime = 150 * time.Millisecond

// run keeps the process until ctx ends, and then kills it.
func (m *member) run(ctx context.Context, logs string) {
	// The process ends with this thread, also when the test is killed.
	runtime.LockOSThread()
	for ctx.Err() == nil {
		if err := m.once(ctx, logs); err != nil && ctx.Err() == nil {
			m.story.note("%s ended: %v", m.name, err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(max(time.Duration(m.rest.Swap(0)), restTime)):
		}
	}
}

func (m *member) once(ctx context.Context, logs string) error {
	if m.prepare != nil {
		m.prepare()
	}
	said, err := os.OpenFile(filepath.Join(logs, m.name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer said.Close()
	cmd := m.command()
	cmd.Stderr = said
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	m.mu.Lock()
	if err = cmd.Start(); err == nil {
		m.pid = cmd.Process.Pid
		m.starts++
	}
	m.mu.Unlock()
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { m.signal(syscall.SIGKILL) })()
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if _, at, ok := strings.Cut(lines.Text(), "address   "); ok {
			if u, err := url.Parse(at); err == nil {
				address := net.JoinHostPort("127.0.0.1", u.Port())
				m.listens.Store(&address)
			}
		}
	}
	_, _ = io.Copy(io.Discard, out)
	m.mu.Lock()
	m.pid = 0 // before its id may be given to another process
	m.mu.Unlock()
	m.listens.Store(nil)
	return cmd.Wait()
}

// signal sends a signal; it reports false when the process is away.
func (m *member) signal(s syscall.Signal) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.pid != 0 && syscall.Kill(m.pid, s) == nil
}

func (m *member) alive() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.pid
}

func (m *member) at() string {
	if a := m.listens.Load(); a != nil {
		return *a
	}
	return ""
}

// world is an installation of processes, with a link before each service that a
// process uses and before each server.
type world struct {
	t      *testing.T
	story  *story
	dir    string
	org    string
	secret string
	blobs  string
	ffmpeg string // a copy of ffmpeg that only this world's workers run
	mongo  string // the database, past all links; "" in one process

	servers, workers []*member
	redis            *member // nil in one process
	redisAt          string
	forget           atomic.Bool // Redis starts without its data
	fronts           []*link
	storeLinks       []*link
	redisLinks       []*link

	ctx     context.Context
	cancel  context.CancelFunc
	running sync.WaitGroup
}

// newWorld makes an empty world that ends with the test.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{
		t: t, story: &story{began: time.Now()}, org: "acme", secret: strings.Repeat("chaos-secret-", 4), dir: t.TempDir(),
	}
	w.blobs = filepath.Join(w.dir, "blobs")
	w.ffmpeg = ownFFmpeg(t, w.dir)
	if err := os.Mkdir(w.logs(), 0o700); err != nil {
		t.Fatal(err)
	}
	w.ctx, w.cancel = context.WithCancel(context.Background())
	t.Cleanup(func() {
		w.cancel()
		for _, l := range w.links() {
			l.close()
		}
		w.running.Wait()
		w.searchLogs()
	})
	return w
}

// searchLogs fails where a process has logged a secret.
func (w *world) searchLogs() {
	files, err := os.ReadDir(w.logs())
	if err != nil {
		w.t.Error(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(filepath.Join(w.logs(), file.Name()))
		if err != nil {
			w.t.Error(err)
		}
		if found := testenv.Secret(text); found != "" {
			w.t.Errorf("%s logged a secret: …%s…", file.Name(), found)
		}
	}
}

func (w *world) logs() string { return filepath.Join(w.dir, "logs") }

func (w *world) links() []*link {
	return append(append(append([]*link{}, w.fronts...), w.storeLinks...), w.redisLinks...)
}

// ownFFmpeg copies ffmpeg and ffprobe, so that the processes that run them can
// be told from all others by the file that they run.
func ownFFmpeg(t *testing.T, dir string) string {
	t.Helper()
	bin := filepath.Join(dir, "bin")
	if err := os.Mkdir(bin, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ffmpeg", "ffprobe"} {
		data, err := os.ReadFile(testenv.Program(t, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(bin, name), data, 0o700) //nolint:gosec // a program
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(bin, "ffmpeg")
}

func (w *world) link(name string, target func() string) *link {
	w.t.Helper()
	l, err := newLink(name, target)
	if err != nil {
		w.t.Fatal(err)
	}
	return l
}

// program adds a server or a worker with an environment of its own. DATA_DIR is
// its own and stays when it is started again.
func (w *world) program(name, path string, variables ...string) *member {
	env := append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + w.dir, "PORT=0", "DATA_DIR=" + filepath.Join(w.dir, name), "JWT_SECRET=" + w.secret,
		"FFMPEG=" + w.ffmpeg, "LOG_LEVEL=info", "LOG_FORMAT=json", "BLOB_URL=file://" + w.blobs, "WORKER_CONCURRENCY=2",
	}, variables...)
	m := &member{name: name, story: w.story, command: func() *exec.Cmd {
		cmd := exec.Command(path)
		cmd.Env = env
		return cmd
	}}
	w.running.Go(func() { m.run(w.ctx, w.logs()) })
	return m
}

// single makes the world one process with everything inside, SQLite as its store.
func single(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	program, err := built()
	if err != nil {
		t.Fatal(err)
	}
	m := w.program("server", program)
	w.servers = []*member{m}
	w.fronts = []*link{w.link("the clients' way to the server", m.at)}
	w.awake()
	return w
}

// cluster makes a world of servers and workers on real services.
func cluster(t *testing.T, servers, workers int, variables ...string) *world {
	t.Helper()
	mongo := testenv.Variable(t, "MONGODB_TEST_URI")
	redis := testenv.Program(t, "redis-server")
	server, err := built()
	if err != nil {
		t.Fatal(err)
	}
	worker, err := builtWorker()
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	w.mongo = databaseOf(mongo, "reelroom_chaos_"+models.NewID(time.Now()))
	w.startRedis(redis)
	for i := range servers {
		name := fmt.Sprintf("server-%d", i+1)
		m := w.program(name, server, append(append(w.services(name), "WORKER=off"), variables...)...)
		w.servers = append(w.servers, m)
		w.fronts = append(w.fronts, w.link("the clients' way to "+name, m.at))
	}
	for i := range workers {
		name := fmt.Sprintf("worker-%d", i+1)
		w.workers = append(w.workers, w.program(name, worker, append(w.services(name), variables...)...))
	}
	w.awake()
	return w
}

// services makes the links of a process to the services, and its variables.
func (w *world) services(name string) []string {
	u, err := url.Parse(w.mongo)
	if err != nil {
		w.t.Fatal(err)
	}
	host := u.Host
	store := w.link("the store of "+name, func() string { return host })
	redis := w.link("the Redis of "+name, func() string { return w.redisAt })
	w.storeLinks, w.redisLinks = append(w.storeLinks, store), append(w.redisLinks, redis)
	u.Host = store.address()
	q := u.Query()
	q.Set("directConnection", "true") // not past the link
	u.RawQuery = q.Encode()
	return []string{"MONGODB_URI=" + u.String(), "REDIS_URL=redis://" + redis.address() + "/0"}
}

// startRedis starts a Redis of the world's own at an address that stays.
func (w *world) startRedis(program string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	w.redisAt = l.Addr().String()
	_ = l.Close()
	_, port, _ := net.SplitHostPort(w.redisAt)
	data := filepath.Join(w.dir, "redis")
	w.redis = &member{name: "redis", story: w.story, command: func() *exec.Cmd {
		return exec.Command(program, "--bind", "127.0.0.1", "--port", port, "--save", "", "--appendonly", "yes", "--dir", data, "--loglevel", "warning")
	}, prepare: func() {
		if w.forget.Swap(false) {
			_ = os.RemoveAll(data)
		}
		_ = os.MkdirAll(data, 0o700)
	}}
	w.running.Go(func() { w.redis.run(w.ctx, w.logs()) })
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		if conn, err := net.Dial("tcp", w.redisAt); err == nil {
			_ = conn.Close()
			return
		}
		if time.Now().After(deadline) {
			w.t.Fatal("redis-server does not answer")
		}
	}
}

// awake waits until every server is ready.
func (w *world) awake() {
	w.t.Helper()
	for i := range w.fronts {
		in := &installation{t: w.t, url: w.url(i)}
		in.waitReady()
	}
}

// url is the address of a server as its clients know it.
func (w *world) url(i int) string { return "http://" + w.fronts[i%len(w.fronts)].address() }

// token speaks for an editor whose name is part of what uploads are called.
func (w *world) token(user string) string {
	token, err := auth.Mint([]byte(w.secret), models.Identity{UserID: user, OrganizationID: w.org, Role: models.RoleEditor}, 12*time.Hour)
	if err != nil {
		w.t.Fatal(err)
	}
	return token
}

// builtWorker is the worker as people run it.
var builtWorker = sync.OnceValues(func() (string, error) {
	path := filepath.Join(scratch, "worker")
	out, err := exec.Command("go", "build", "-race=false", "-o", path, "reelroom/worker").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build the worker: %w\n%s", err, out)
	}
	return path, nil
})
