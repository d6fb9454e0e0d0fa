//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"reelroom/models/buildinfo"
)

// startTime bounds a start that fails: services get 10 s.
const startTime = time.Minute

// ended runs a program to its end in an empty folder and returns what it wrote
// to standard output and standard error, and its exit code.
func ended(t *testing.T, program string, environment []string, args ...string) (out, errOut string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	var a, b bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = t.TempDir(), &a, &b
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "PORT=0"}, environment...)
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if ctx.Err() != nil {
		t.Fatalf("%s %q did not end: %s%s", program, args, &a, &b)
	}
	if made, _ := os.ReadDir(cmd.Dir); len(made) > 0 && len(args) > 0 {
		t.Errorf("%s %q made %v", program, args, made)
	}
	return a.String(), b.String(), cmd.ProcessState.ExitCode()
}

func programs(t *testing.T) map[string]string {
	t.Helper()
	server, err := built()
	if err != nil {
		t.Fatal(err)
	}
	worker, err := builtWorker()
	if err != nil {
		t.Fatal(err)
	}
	harness := filepath.Join(t.TempDir(), "harness")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-race=false", "-o", harness, "reelroom/server/harness").CombinedOutput(); err != nil {
		t.Fatalf("build the harness: %v\n%s", err, out)
	}
	return map[string]string{"server": server, "worker": worker, "harness": harness}
}

// Asking a program about itself starts and makes nothing, whatever its
// environment says.
func TestHelpAndVersionStartNothing(t *testing.T) {
	t.Parallel()
	for name, program := range programs(t) {
		wrong := []string{"PORT=abc", "REDIS_URL=nonsense"}
		for _, help := range []string{"--help", "-h"} {
			out, errOut, code := ended(t, program, wrong, help)
			if code != 0 || errOut != "" || !strings.Contains(out, "Usage: "+name) || !strings.Contains(out, "--version") {
				t.Errorf("%s %s: %d\n%s%s", name, help, code, out, errOut)
			}
			if name != "harness" && (!strings.Contains(out, "REDIS_URL") || !strings.Contains(out, "DATA_DIR")) {
				t.Errorf("%s %s lists no settings:\n%s", name, help, out)
			}
		}
		out, errOut, code := ended(t, program, wrong, "--version")
		if code != 0 || errOut != "" || !strings.HasPrefix(out, name+" ") || !strings.Contains(out, "go1.") || strings.Count(out, "\n") != 1 {
			t.Errorf("%s --version: %d %q %q", name, code, out, errOut)
		}
		for _, args := range [][]string{{"--bogus"}, {"-bogus"}, {"start"}, {"--version", "now"}, {"--", "x"}} {
			out, errOut, code := ended(t, program, nil, args...)
			if code != 2 && !(name == "harness" && args[0] == "--version") || code == 2 && (out != "" || !strings.Contains(errOut, "--help")) {
				t.Errorf("%s %q: %d %q %q", name, args, code, out, errOut)
			}
		}
	}
}

// Whatever cannot be used is named by its variable, all of it at once, and
// nothing else is complained of.
func TestStartNamesWhatItCannotUse(t *testing.T) {
	t.Parallel()
	all := programs(t)
	plain := filepath.Join(t.TempDir(), "plain")
	if err := os.WriteFile(plain, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	taken, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { taken.Close() }) // after the parallel subtests
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	silent := silence(t)
	empty := httptest.NewServer(http.NotFoundHandler()) // no S3
	t.Cleanup(empty.Close)
	mongo := "MONGODB_URI=mongodb://127.0.0.1:1/x"
	shared := []string{mongo, "REDIS_URL=redis://127.0.0.1:1", "JWT_SECRET=" + strings.Repeat("secret ", 6), "PUBLIC_URL=http://x"}
	s3 := []string{"AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b"}
	for _, c := range []struct {
		name    string
		set     []string
		code    int
		want    []string // one line of the message each, by its beginning
		program string   // "" for the server
	}{
		{"nothing of the worker", nil, 2, []string{"MONGODB_URI must", "REDIS_URL must"}, "worker"},
		{"numbers", []string{"PORT=abc", "WORKER_CONCURRENCY=many", "MAX_BATCH_FILES=1.5", "UPLOAD_HOURS=x", "LIMIT_ORG_EVENTS=x"}, 2,
			[]string{"PORT=", "WORKER_CONCURRENCY=", "MAX_BATCH_FILES=", "UPLOAD_HOURS=", "LIMIT_ORG_EVENTS="}, ""},
		{"all sorts", []string{"PORT=70000", "WORKER=x", "RENDITIONS=x", "LOG_LEVEL=x", "FFMPEG=" + plain, "REDIS_URL=x"}, 2,
			[]string{"PORT=", "REDIS_URL ", "FFMPEG=", "RENDITIONS=", "LOG_LEVEL=", "WORKER="}, ""},
		{"a path prefix", []string{"PUBLIC_URL=https://x/reel"}, 2, []string{`PUBLIC_URL="https://x/reel"`}, ""},
		{"a path prefix of a worker", append([]string{"PUBLIC_URL=https://x/reel/"}, shared[:2]...), 2, []string{"PUBLIC_URL="}, "worker"},
		{"a query", []string{"PUBLIC_URL=https://x?a=b"}, 2, []string{"PUBLIC_URL="}, ""},
		{"store and Redis away", shared, 1, []string{"MONGODB_URI: ", "REDIS_URL: "}, ""},
		{"the same of a worker", shared, 1, []string{"MONGODB_URI: ", "REDIS_URL: "}, "worker"},
		{"store and Redis silent", []string{"MONGODB_URI=mongodb://" + silent + "/x", "REDIS_URL=redis://" + silent, shared[2], shared[3]}, 1, []string{"MONGODB_URI: ", "REDIS_URL: "}, ""},
		{"store, Redis and blobs", append([]string{"BLOB_URL=file://" + plain}, shared...), 1, []string{"MONGODB_URI: ", "BLOB_URL: ", "REDIS_URL: "}, "worker"},
		{"Redis by its host", []string{"REDIS_HOST=127.0.0.1", "REDIS_PORT=1"}, 1, []string{"REDIS_HOST: "}, ""},
		{"DATA_DIR is a file", []string{"DATA_DIR=" + plain}, 1, []string{"DATA_DIR: "}, ""},
		{"DATA_DIR cannot be made", []string{"DATA_DIR=/proc/none"}, 1, []string{"DATA_DIR: "}, ""},
		{"DATA_DIR takes no files", []string{"DATA_DIR=/proc"}, 1, []string{"DATA_DIR: "}, ""},
		{"DATA_DIR and Redis", []string{"DATA_DIR=" + plain, "REDIS_URL=redis://127.0.0.1:1"}, 1, []string{"DATA_DIR: ", "REDIS_URL: "}, ""},
		{"DATA_DIR and all that is elsewhere", append([]string{"DATA_DIR=/proc/none", "BLOB_URL=file://" + plain, "PORT=" + port}, shared...), 1,
			[]string{"DATA_DIR: ", "MONGODB_URI: ", "BLOB_URL: ", "REDIS_URL: ", "PORT=" + port}, ""},
		{"DATA_DIR and the store of a worker", append([]string{"DATA_DIR=/proc/none"}, shared...), 1, []string{"DATA_DIR: ", "MONGODB_URI: ", "REDIS_URL: "}, "worker"},
		{"Redis and the port", []string{"REDIS_URL=redis://127.0.0.1:1", "PORT=" + port}, 1, []string{"REDIS_URL: ", "PORT=" + port}, ""},
		{"blobs in a file", []string{"BLOB_URL=file://" + plain}, 1, []string{"BLOB_URL: "}, ""},
		{"no bucket", append([]string{"BLOB_URL=s3://b/x?region=us-east-1&endpoint=" + empty.URL}, s3...), 1, []string{"BLOB_URL: "}, ""},
		{"a bucket that is silent", append([]string{"BLOB_URL=s3://b/x?region=us-east-1&endpoint=http://" + silent}, s3...), 1, []string{"BLOB_URL: "}, ""},
		{"no ffmpeg", []string{"FFMPEG=/bin/true"}, 1, []string{`FFMPEG="/bin/true": `}, ""},
		{"the port is taken", []string{"PORT=" + port}, 1, []string{"PORT=" + port}, ""},
		{"the folder of uploads", []string{"UPLOAD_DIR=/proc/none"}, 1, []string{"UPLOAD_DIR: "}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			name := c.program
			if name == "" {
				name = "server"
			}
			began := time.Now()
			_, errOut, code := ended(t, all[name], append([]string{"LOG_LEVEL=error"}, c.set...))
			lines := strings.Split(strings.TrimSpace(errOut), "\n")
			if c.code == 2 {
				if lines[0] != "The configuration is wrong:" {
					t.Errorf("begins with %q", lines[0])
				}
				lines = lines[1:]
			} else {
				lines[0] = strings.TrimPrefix(strings.TrimPrefix(lines[0], "reelroom: "), "reelroom worker: ")
			}
			if code != c.code || len(lines) != len(c.want) {
				t.Fatalf("exit %d after %v:\n%s", code, time.Since(began), errOut)
			}
			for i, want := range c.want {
				found := false
				for _, line := range lines {
					found = found || strings.HasPrefix(line, want)
				}
				if !found {
					t.Errorf("line %d is not about %s:\n%s", i, want, errOut)
				}
			}
			if limit := 25 * time.Second; time.Since(began) > limit {
				t.Errorf("took %v", time.Since(began))
			}
		})
	}
}

// silence takes connections and never answers.
func silence(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		var held []net.Conn
		for {
			conn, err := l.Accept()
			if err != nil {
				for _, c := range held {
					c.Close()
				}
				return
			}
			held = append(held, conn)
		}
	}()
	return l.Addr().String()
}

// A process that is told to stop while it waits for a service ends at once, and
// that is no failure.
func TestStopWhileStarting(t *testing.T) {
	t.Parallel()
	all := programs(t)
	for name, set := range map[string][]string{
		"MongoDB is silent": {"MONGODB_URI=mongodb://SILENT/x", "REDIS_URL=redis://SILENT", "JWT_SECRET=" + strings.Repeat("secret ", 6)},
		"Redis is silent":   {"REDIS_URL=redis://SILENT"},
		"S3 is silent":      {"BLOB_URL=s3://b/x?region=us-east-1&endpoint=http://SILENT", "AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b"},
		"the key set":       {"JWT_JWKS_URL=http://SILENT/keys"},
	} {
		for _, program := range []string{"server", "worker"} {
			if program == "worker" && !strings.HasPrefix(name, "MongoDB") {
				continue // it starts with nothing else
			}
			t.Run(program+": "+name, func(t *testing.T) {
				t.Parallel()
				l, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				defer l.Close()
				cmd := exec.Command(all[program])
				var said bytes.Buffer
				cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = t.TempDir(), &said, &said, 5*time.Second
				cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "PORT=0", "LOG_LEVEL=error"}
				for _, s := range set {
					cmd.Env = append(cmd.Env, strings.ReplaceAll(s, "SILENT", l.Addr().String()))
				}
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = cmd.Process.Kill() })
				conn, err := l.Accept() // now it waits for the answer
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				told := time.Now()
				if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
					t.Fatal(err)
				}
				if err := cmd.Wait(); err != nil || time.Since(told) > 3*time.Second || !strings.HasSuffix(said.String(), ": stopped while starting\n") || strings.Count(said.String(), "\n") != 1 {
					t.Errorf("ended with %v after %v, saying %q", err, time.Since(told), said.String())
				}
			})
		}
	}
}

// While the embedded ffmpeg is compiled, too.
func TestStopWhileFFmpegIsPrepared(t *testing.T) {
	t.Parallel()
	_, cmd := launch(t, "DATA_DIR="+t.TempDir(), "FFMPEG=embedded")
	told := time.Now()
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil || time.Since(told) > 5*time.Second {
		t.Errorf("ended with %v after %v", err, time.Since(told))
	}
}

// The version is where operators and the page look for it.
func TestVersionIsTold(t *testing.T) {
	t.Parallel()
	in := start(t, nil)
	var alive struct{ Status, Version string }
	if status := in.call(http.MethodGet, "/healthz", "", nil, "", &alive); status != 200 || alive.Status != "ok" || alive.Version != buildinfo.Version() {
		t.Errorf("%d %+v", status, alive)
	}
	answer, err := http.Get(in.url + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	metrics, err := io.ReadAll(answer.Body)
	if want := `reelroom_build_info{version="` + alive.Version + `"} 1`; err != nil || !strings.Contains(string(metrics), want) {
		t.Errorf("the metrics lack %s, %v", want, err)
	}
}
