package bucketstore

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"reelroom/models"
)

// Settings is a bucket as a URL names it:
// s3://bucket[/prefix]?region=…&endpoint=…&use_path_style=…&profile=…
type Settings struct {
	Bucket string
	// Prefix begins every object's name; "" or with a slash at its end.
	Prefix string
	// Region and Profile are the SDK's own choice when empty.
	Region, Profile string
	// Endpoint is the address of another service than Amazon's.
	Endpoint string
	// PathStyle puts the bucket's name into the path, not into the host.
	PathStyle bool
}

// ParseURL reads the URL, and asks nobody. Its errors never show the URL: it
// may hold what somebody took for the place of a password.
func ParseURL(raw string) (Settings, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return Settings{}, errors.New("it is not a URL")
	}
	var s Settings
	switch {
	case u.Scheme != "s3" || u.Host == "" || u.Opaque != "" || u.Fragment != "":
		return s, errors.New("it is not of the form s3://bucket/prefix?region=…")
	case u.User != nil:
		return s, errors.New("credentials do not belong there, but in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
	}
	s.Bucket = u.Host
	if prefix := strings.Trim(u.Path, "/"); prefix != "" {
		for part := range strings.SplitSeq(prefix, "/") {
			if !models.ValidKeyPart(part) {
				return s, fmt.Errorf("the prefix %q has other characters than letters, digits, '.', '_', '-' and '/'", prefix)
			}
		}
		s.Prefix = prefix + "/"
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return s, errors.New("what follows the '?' cannot be read")
	}
	s.PathStyle = query.Get("endpoint") != ""
	for name, values := range query {
		if err := s.set(name, values[0]); err != nil {
			return s, err
		}
	}
	if s.Endpoint != "" && s.Region == "" {
		s.Region = "us-east-1" // what such services expect when they have none
	}
	return s, nil
}

func (s *Settings) set(name, value string) (err error) {
	switch name {
	case "region":
		s.Region = value
	case "profile":
		s.Profile = value
	case "use_path_style":
		if s.PathStyle, err = strconv.ParseBool(value); err != nil {
			return errors.New("use_path_style is neither true nor false")
		}
	case "endpoint":
		u, err := url.Parse(value)
		if err != nil || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
			return errors.New("its endpoint is not an http or https address")
		}
		s.Endpoint = value
	default:
		return fmt.Errorf("%q is none of region, endpoint, use_path_style, profile", name)
	}
	return nil
}

// String is for people: where the blobs are, without anything secret.
func (s Settings) String() string {
	words := "s3://" + s.Bucket + "/" + s.Prefix
	if s.Endpoint != "" {
		words += " at " + s.Endpoint
	}
	return words
}
