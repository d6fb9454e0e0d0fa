package backend

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMistakesAreNamed(t *testing.T) {
	t.Parallel()
	plain := filepath.Join(t.TempDir(), "plain")
	if err := os.WriteFile(plain, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		values map[string]string
		want   string // a part of the only error; "" for none
	}{
		{map[string]string{"MONGODB_URI": "mongodb://h/x"}, "REDIS_URL must be set when MONGODB_URI is"},
		{map[string]string{"MONGODB_URI": "mongodb://h/x", "REDIS_HOST": "h"}, ""},
		{map[string]string{"REDIS_URL": "redis://h"}, ""}, // beside SQLite: one process
		{map[string]string{"REDIS_URL": "redis://h", "REDIS_HOST": "h"}, "REDIS_URL and REDIS_HOST"},
		{map[string]string{"REDIS_URL": "redis://:secret@h:port"}, "REDIS_URL is not"},
		{map[string]string{"REDIS_URL": "redis+cluster://:secret@a,b"}, "REDIS_URL is the address of a Redis Cluster, which is not supported yet"},
		{map[string]string{"REDIS_URL": "redis+sentinel://:secret@a,b/main"}, "REDIS_URL is the address of a Redis Sentinel, which is not supported yet"},
		{map[string]string{"REDIS_URL": "redis://a:1,b:2"}, "REDIS_URL names several hosts"},
		{map[string]string{"REDIS_URL": "redis://:secret@a:1,b:2"}, "REDIS_URL "},
		{map[string]string{"REDIS_URL": "h:6379"}, "REDIS_URL is not"},
		{map[string]string{"REDIS_URL": "rediss://:secret,word@h"}, ""},
		{map[string]string{"REDIS_URL": "redis://h", "REDIS_PASSWORD": "secret"}, "REDIS_PASSWORD is set beside REDIS_URL"},
		{map[string]string{"REDIS_URL": "redis://h", "REDIS_PORT": "1"}, "REDIS_PORT is set beside REDIS_URL"},
		{map[string]string{"REDIS_PORT": "6379"}, "REDIS_PORT is set without REDIS_HOST"},
		{map[string]string{"REDIS_PASSWORD": "secret"}, "REDIS_PASSWORD is set without REDIS_HOST"},
		{map[string]string{"REDIS_HOST": "h", "REDIS_PORT": "0"}, `REDIS_PORT="0"`},
		{map[string]string{"REDIS_HOST": "h", "REDIS_PORT": "65536"}, `REDIS_PORT="65536"`},
		{map[string]string{"REDIS_HOST": "h", "REDIS_PORT": "many"}, `REDIS_PORT="many"`},
		{map[string]string{"REDIS_HOST": "h:6379"}, "REDIS_HOST="},
		{map[string]string{"REDIS_HOST": "redis://h"}, "REDIS_HOST="},
		{map[string]string{"RENDITIONS": "hls"}, "RENDITIONS="},
		{map[string]string{"RENDITIONS": "mp4"}, ""},
		{map[string]string{"BLOB_URL": "ftp://x"}, "BLOB_URL is neither"},
		{map[string]string{"BLOB_URL": "file://relative/x"}, "BLOB_URL is neither"},
		{map[string]string{"BLOB_URL": "s3://"}, "BLOB_URL: "},
		{map[string]string{"BLOB_URL": "s3://key:secret@bucket"}, "AWS_ACCESS_KEY_ID"},
		{map[string]string{"BLOB_URL": "s3://bucket/prefix?region=eu-west-1"}, ""},
		{map[string]string{"BLOB_CACHE_BYTES": "-1"}, "BLOB_CACHE_BYTES=-1"},
		{map[string]string{"FFMPEG": filepath.Join(t.TempDir(), "none")}, "FFMPEG="},
		{map[string]string{"FFMPEG": plain}, "FFMPEG="},
		{map[string]string{"FFMPEG": os.Args[0]}, ""},
		{map[string]string{"FFMPEG": "embedded"}, ""},
		{map[string]string{"SANDBOX": "none"}, `SANDBOX="none" is not one of best, required`},
		{map[string]string{"SANDBOX": "Required"}, "SANDBOX="},
		{map[string]string{"SANDBOX": "required"}, ""},
	} {
		config := &Config{}
		wrong := append(Read(c.values, config), config.Validate()...)
		switch {
		case c.want == "" && len(wrong) > 0, c.want != "" && len(wrong) != 1:
			t.Errorf("%v: %v", c.values, errors.Join(wrong...))
		case c.want != "" && !strings.Contains(wrong[0].Error(), c.want):
			t.Errorf("%v: %v is not %q", c.values, wrong[0], c.want)
		case c.want != "" && strings.Contains(wrong[0].Error(), "secret"):
			t.Errorf("a password is shown: %v", wrong[0])
		}
	}
}

func TestRedisAddress(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ host, port, want string }{
		{"h", "", "h:6379"}, {"h", "7000", "h:7000"}, {"::1", "", "[::1]:6379"}, {"10.0.0.1", "1", "10.0.0.1:1"},
	} {
		values := map[string]string{"REDIS_HOST": c.host}
		if c.port != "" {
			values["REDIS_PORT"] = c.port
		}
		options, err := settings(t, values).redisOptions()
		if err != nil || options.Addr != c.want {
			t.Errorf("%+v: %v, %v", c, options, err)
		}
	}
}
