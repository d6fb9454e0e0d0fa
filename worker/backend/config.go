package backend

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"

	"github.com/caarlos0/env/v11"

	"reelroom/models"
	"reelroom/worker/ffmpeg"
)

// Config is the environment that both programs read.
type Config struct {
	Port          int    `env:"PORT" envDefault:"5000"`
	PublicURL     string `env:"PUBLIC_URL"`
	DataDir       string `env:"DATA_DIR" envDefault:"data"`
	MongoURI      string `env:"MONGODB_URI"`
	RedisURL      string `env:"REDIS_URL"`
	RedisHost     string `env:"REDIS_HOST"`
	RedisPort     string `env:"REDIS_PORT"` // "" for 6379
	RedisPassword string `env:"REDIS_PASSWORD"`
	BlobURL       string `env:"BLOB_URL"`
	BlobCache     Size   `env:"BLOB_CACHE_BYTES" envDefault:"10737418240"`
	FFmpeg        string `env:"FFMPEG"`
	Sandbox       string `env:"SANDBOX" envDefault:"best"`
	OnnxLib       string `env:"ONNXRUNTIME_LIB"` // "" for its usual names
	Concurrency   int    `env:"WORKER_CONCURRENCY"`
	Renditions    string `env:"RENDITIONS" envDefault:"off"`
	LogLevel      string `env:"LOG_LEVEL" envDefault:"info"`
	LogFormat     string `env:"LOG_FORMAT" envDefault:"text"`

	// guessedURL tells that PUBLIC_URL was not set.
	guessedURL bool
}

// The values of SANDBOX: the strongest isolation of ffmpeg that works here, or
// none but one that confines it.
const (
	sandboxBest     = "best"
	sandboxRequired = "required"
)

// Environ returns the process environment without empty values: an empty
// variable counts as one that is not set.
func Environ() map[string]string {
	values := map[string]string{}
	for _, pair := range os.Environ() {
		if key, value, _ := strings.Cut(pair, "="); strings.TrimSpace(value) != "" {
			values[key] = strings.TrimSpace(value)
		}
	}
	return values
}

// Read fills config, a pointer to a struct with env tags, and returns every
// wrong value by the name of its variable.
func Read(values map[string]string, config any) []error {
	err := env.ParseWithOptions(config, env.Options{Environment: values})
	if err == nil {
		return nil
	}
	all, ok := errors.AsType[env.AggregateError](err)
	if !ok {
		return []error{err}
	}
	names := map[string]string{}
	eachVariable(reflect.TypeOf(config).Elem(), func(f reflect.StructField, name string) { names[f.Name] = name })
	var out []error
	rest := maps.Clone(values)
	for _, e := range all.Errors {
		if p, ok := errors.AsType[env.ParseError](e); ok {
			words := "is not a whole number"
			if errors.Is(p.Err, errSize) {
				words = errSize.Error()
			}
			e = fmt.Errorf("%s=%q %s", names[p.Name], values[names[p.Name]], words)
			delete(rest, names[p.Name])
		}
		out = append(out, e)
	}
	if len(rest) < len(values) { // a wrong value counts as its default, so that nobody complains of it twice
		_ = env.ParseWithOptions(config, env.Options{Environment: rest})
	}
	return out
}

// Validate completes the derived values and returns every mistake at once.
func (c *Config) Validate() []error {
	var wrong []error
	bad := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf(format, args...)) }
	if c.Port < 0 || c.Port > 65535 {
		bad("PORT=%d is not a port (0 to 65535)", c.Port)
	}
	if c.PublicURL == "" {
		c.PublicURL, c.guessedURL = fmt.Sprintf("http://localhost:%d", c.Port), true
	}
	c.PublicURL = strings.TrimRight(c.PublicURL, "/")
	if u, err := url.Parse(c.PublicURL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		bad("PUBLIC_URL=%q is not an http or https address", c.PublicURL)
	} else if u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		bad("PUBLIC_URL=%q is more than a scheme and a host: a path prefix is not supported, so give Reelroom a host name of its own, such as https://reel.example.com", u.Redacted())
	}
	if dir, err := filepath.Abs(c.DataDir); err != nil {
		bad("DATA_DIR=%q: %v", c.DataDir, err)
	} else {
		c.DataDir = dir
	}
	if c.MongoURI != "" && !strings.HasPrefix(c.MongoURI, "mongodb://") && !strings.HasPrefix(c.MongoURI, "mongodb+srv://") {
		bad("MONGODB_URI does not begin with mongodb:// or mongodb+srv://")
	}
	wrong = append(wrong, c.validateRedis()...)
	if _, _, err := c.blobPlace(); err != nil {
		wrong = append(wrong, err)
	}
	if c.BlobCache < 0 {
		bad("BLOB_CACHE_BYTES=%d is not a number of bytes", c.BlobCache)
	}
	if c.FFmpeg != "" && c.FFmpeg != ffmpeg.Embedded {
		if _, err := exec.LookPath(c.FFmpeg); err != nil {
			bad("FFMPEG=%q is not a program that can be run, nor %q", c.FFmpeg, ffmpeg.Embedded)
		}
	}
	if c.Sandbox != sandboxBest && c.Sandbox != sandboxRequired {
		bad("SANDBOX=%q is not one of %s, %s", c.Sandbox, sandboxBest, sandboxRequired)
	}
	if !models.Renditions(c.Renditions).Valid() {
		bad("RENDITIONS=%q is not one of off, remux, mp4", c.Renditions)
	}
	if c.Concurrency < 0 || c.Concurrency > 256 {
		bad("WORKER_CONCURRENCY=%d is not between 1 and 256", c.Concurrency)
	}
	if c.Concurrency == 0 {
		c.Concurrency = min(runtime.NumCPU(), 8)
	}
	if new(slog.Level).UnmarshalText([]byte(c.LogLevel)) != nil {
		bad("LOG_LEVEL=%q is not one of debug, info, warn, error", c.LogLevel)
	}
	if c.LogFormat != "text" && c.LogFormat != "json" {
		bad("LOG_FORMAT=%q is not one of text, json", c.LogFormat)
	}
	return wrong
}

// Warnings returns what is no mistake, but seldom meant.
func (c *Config) Warnings() []string {
	if c.MongoURI != "" && c.guessedURL {
		return []string{fmt.Sprintf("PUBLIC_URL is not set: links in events will begin with %s", c.PublicURL)}
	}
	return nil
}

// ownFolder tells that the blobs stand in DATA_DIR beside their database.
func (c *Config) ownFolder() bool { return c.MongoURI == "" && c.BlobURL == "" }

// workDir is the folder of the jobs' own folders.
func (c *Config) workDir() string { return filepath.Join(c.DataDir, "work") }

// NewLogger makes the log that both programs write to standard error.
func (c *Config) NewLogger() *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.LogLevel)) // validated above
	options := &slog.HandlerOptions{Level: level}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, options))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, options))
}
