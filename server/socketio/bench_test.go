//go:build unix && !stock

package socketio

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// loadVariable makes the test binary a load client: "URL SOCKETS EVENTS". It
// prints "ready" when all sockets are in, and "done" when each has its events.
const loadVariable = "REELROOM_SOCKETIO_LOAD"

func runLoad(spec string) error {
	var url string
	var sockets, events int
	if _, err := fmt.Sscan(spec, &url, &sockets, &events); err != nil {
		return err
	}
	var ready, readers sync.WaitGroup
	var lost atomic.Int64
	ready.Add(sockets)
	for n := range sockets {
		conn, _, err := websocket.DefaultDialer.Dial(url, nil)
		if err != nil {
			return fmt.Errorf("socket %d: %w", n, err)
		}
		if err := conn.WriteMessage(websocket.TextMessage, []byte(connectPacket("a:u:viewer"))); err != nil {
			return err
		}
		readers.Go(func() {
			in := false
			for got := 0; got < events; {
				_, data, err := conn.ReadMessage()
				switch text := string(data); {
				case err != nil:
					lost.Add(int64(events - got))
					got = events
				case text == "2":
					_ = conn.WriteMessage(websocket.TextMessage, []byte("3"))
				case strings.HasPrefix(text, "40") && !in:
					in = true
					ready.Done()
				case strings.HasPrefix(text, `42["video:progress"`):
					got++
				}
			}
		})
	}
	ready.Wait()
	fmt.Println("ready")
	readers.Wait()
	fmt.Println("done", lost.Load())
	return nil
}

// BenchmarkFanOut sends each event to 1000 sockets of another process and
// reports the CPU of this process for each event delivered, and the memory that
// an idle socket takes.
func BenchmarkFanOut(b *testing.B) {
	for _, gap := range []time.Duration{200 * time.Millisecond, time.Millisecond, 0} {
		b.Run("gap="+gap.String(), func(b *testing.B) {
			const sockets = 1000
			s := startServer(b, func([]any) {})
			empty := memory()
			self, err := os.Executable()
			if err != nil {
				b.Fatal(err)
			}
			load := exec.CommandContext(b.Context(), self)
			load.Env = append(os.Environ(), loadVariable+"=ws"+strings.TrimPrefix(s.URL, "http")+
				"/socket.io/?EIO=4&transport=websocket "+strconv.Itoa(sockets)+" "+strconv.Itoa(b.N))
			load.Stderr = os.Stderr
			out, err := load.StdoutPipe()
			if err != nil {
				b.Fatal(err)
			}
			if err := load.Start(); err != nil {
				b.Fatal(err)
			}
			lines := bufio.NewScanner(out)
			if !lines.Scan() || lines.Text() != "ready" {
				b.Fatalf("the load client said %q", lines.Text())
			}
			idle := memory()
			before := cpu(b)
			b.ResetTimer()
			for n := range b.N {
				s.hub.publish(progress("a", n))
				time.Sleep(gap)
			}
			lines.Scan()
			b.StopTimer()
			b.ReportMetric(float64(cpu(b)-before)/float64(b.N*sockets), "cpu-ns/delivery")
			b.ReportMetric(float64(idle-empty)/sockets/1024, "KiB/socket")
			if lines.Text() != "done 0" {
				b.Errorf("the load client said %q", lines.Text())
			}
			_ = load.Wait()
		})
	}
}

// memory is what is in use after a collection, heap and stacks, in bytes.
func memory() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}

func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// asLoadClient runs the load client where the variable asks for it.
func asLoadClient() {
	spec := os.Getenv(loadVariable)
	if spec == "" {
		return
	}
	if err := runLoad(spec); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	os.Exit(0)
}
