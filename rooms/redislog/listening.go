package redislog

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"
)

// Listening returns the organizations that some node follows at the moment, in
// order: those whose channel has a subscriber, and those that this log follows.
func (l *Log) Listening(ctx context.Context) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, l.opts.Timeout)
	defer cancel()
	before, after := l.opts.Prefix+":{", "}:events"
	channels, err := l.channels(ctx, before+"*"+after)
	if err != nil {
		return nil, unavailable(err)
	}
	for channel := range l.feed.channels() { // of this node also what it is only about to subscribe to
		channels = append(channels, channel)
	}
	var orgs []string
	for _, channel := range channels {
		segment, ok := strings.CutPrefix(channel, before)
		segment, whole := strings.CutSuffix(segment, after)
		org, err := url.PathUnescape(segment) // the way back from models.Segment
		if ok && whole && err == nil && l.keys(org).channel() == channel {
			orgs = append(orgs, org)
		}
	}
	slices.Sort(orgs)
	return slices.Compact(orgs), nil
}

// channels asks every node of a cluster: each knows its own subscribers only.
func (l *Log) channels(ctx context.Context, pattern string) ([]string, error) {
	cluster, ok := l.client.(*redis.ClusterClient)
	if !ok {
		return l.client.PubSubChannels(ctx, pattern).Result()
	}
	var mu sync.Mutex
	var all []string
	err := cluster.ForEachShard(ctx, func(ctx context.Context, node *redis.Client) error {
		some, err := node.PubSubChannels(ctx, pattern).Result()
		mu.Lock()
		defer mu.Unlock()
		all = append(all, some...)
		return err
	})
	return all, err
}
