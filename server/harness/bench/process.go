package bench

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"
)

// startTime bounds the wait for a process to say where it listens.
const startTime = 60 * time.Second

// process is a server that was started here.
type process struct {
	name string
	cmd  *exec.Cmd
	// address is what it printed after the word "address".
	address string
	said    *tail
	gone    chan struct{}
}

// spawn starts a program and, where announced is set, waits until it prints a
// line that holds the word "address" and then its address.
func spawn(ctx context.Context, name string, announced bool, env []string, program string, args ...string) (*process, error) {
	p := &process{name: name, cmd: exec.Command(program, args...), said: &tail{}, gone: make(chan struct{})}
	p.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}, env...)
	p.cmd.Stderr = p.said
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	addresses := make(chan string, 1)
	go func() {
		defer close(p.gone)
		read(out, p.said, addresses)
		_ = p.cmd.Wait()
	}()
	if !announced {
		return p, nil
	}
	select {
	case p.address = <-addresses:
		return p, nil
	case <-p.gone:
		return nil, fmt.Errorf("%s ended at its start: %s", name, p.said)
	case <-time.After(startTime):
		err = fmt.Errorf("%s did not start within %s: %s", name, startTime, p.said)
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	p.kill()
	return nil, err
}

// read takes a process's output to its end and finds the address in it.
func read(out io.Reader, said *tail, addresses chan<- string) {
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if _, address, ok := strings.Cut(lines.Text(), "address "); ok {
			select {
			case addresses <- strings.TrimSpace(address):
			default:
			}
		}
		_, _ = said.Write(append(lines.Bytes(), '\n'))
	}
	_, _ = io.Copy(io.Discard, out) // after a line too long
}

// kill ends the process, as a crash would, and returns when it is gone.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.gone
}

// ticks is the unit of CPU time in /proc: Linux says 100 to every program
// (proc(5), sysconf _SC_CLK_TCK).
const ticks = 100

// cpu returns the processor time that the process has used.
func (p *process) cpu() (time.Duration, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("%s: %w", p.name, err)
	}
	return parseStat(raw)
}

// parseStat adds user and system time, the 14th and 15th fields; the name in
// the second one may hold anything.
func parseStat(raw []byte) (time.Duration, error) {
	fields := bytes.Fields(raw[bytes.LastIndexByte(raw, ')')+1:])
	if len(fields) < 13 {
		return 0, fmt.Errorf("/proc stat: %.100q", raw)
	}
	var sum int64
	for _, f := range fields[11:13] {
		n, err := strconv.ParseInt(string(f), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("/proc stat: %w", err)
		}
		sum += n
	}
	return time.Duration(sum) * time.Second / ticks, nil
}

// resident returns the process's resident memory in bytes.
func (p *process) resident() (int64, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", p.cmd.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("%s: %w", p.name, err)
	}
	fields := bytes.Fields(raw)
	if len(fields) < 2 {
		return 0, fmt.Errorf("/proc statm: %.100q", raw)
	}
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	return pages * int64(os.Getpagesize()), err
}

// tail keeps the end of what a process says.
type tail struct {
	mu   sync.Mutex
	text []byte
}

const maxTail = 4 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if over := len(t.text) - maxTail; over > 0 {
		t.text = append(t.text[:0], t.text[over:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}
