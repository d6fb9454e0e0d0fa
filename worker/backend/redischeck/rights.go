package redischeck

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"
)

// rights finds the commands, keys and channels that the user lacks, and
// whether Redis takes writes. Between MULTI and EXEC, Redis checks each command
// and runs none; the connection ends without EXEC.
func rights(ctx context.Context, conn *redis.Conn, r *Report) error {
	var l lacking
	if err := conn.Do(ctx, "EXEC").Err(); err != nil && (denied(err) || unknown(err)) { // else: EXEC without MULTI
		l.commands = append(l.commands, "exec")
	}
	if err := conn.Do(ctx, "MULTI").Err(); err != nil {
		if denied(err) || unknown(err) {
			l.commands = append(l.commands, "multi")
			l.report(r)
			return nil
		}
		return state(err, r)
	}
	for _, c := range probes() {
		err := conn.Do(ctx, c.args...).Err()
		var answer redis.Error
		switch {
		case err == nil:
		case !errors.As(err, &answer):
			return err
		case denied(err) || unknown(err):
			l.add(c, err)
		case stateOf(err) != "":
			return state(err, r)
		}
	}
	l.report(r)
	return nil
}

// state notes what an error says about the state of Redis, or returns it.
func state(err error, r *Report) error {
	if words := stateOf(err); words != "" {
		r.problem("%s", words)
		return nil
	}
	return err
}

// lacking is what the user may not do.
type lacking struct{ commands, keys, channels []string }

func (l *lacking) add(c probe, err error) {
	switch text := err.Error(); {
	case strings.Contains(text, "to run the"):
		l.commands = append(l.commands, c.name)
	case strings.Contains(text, "channel"):
		l.channels = append(l.channels, c.pattern)
	case strings.Contains(text, "key"):
		l.keys = append(l.keys, c.pattern)
	default:
		l.commands = append(l.commands, c.name)
	}
}

func (l *lacking) report(r *Report) {
	var parts []string
	part := func(what, sign string, names []string) {
		slices.Sort(names)
		if names = slices.Compact(names); len(names) > 0 {
			parts = append(parts, what+" "+sign+strings.Join(names, " "+sign))
		}
	}
	part("the commands", "+", l.commands)
	part("the keys", "~", l.keys)
	part("the channels", "&", l.channels)
	if len(parts) > 0 {
		r.problem("the Redis user lacks rights: %s", strings.Join(parts, "; "))
	}
}
