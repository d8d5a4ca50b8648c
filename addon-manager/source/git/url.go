package git

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// place is a repository's address, taken apart.
type place struct {
	scheme, user, host, path string
	port                     int
	// name is the URL without the login.
	name string
}

func (p place) ssh() bool { return p.scheme == "ssh" }

func (p place) address() string {
	port := p.port
	if port == 0 {
		port = 22
	}
	return net.JoinHostPort(p.host, strconv.Itoa(port))
}

func parseURL(text string) (place, error) {
	const kinds = "https://HOST/PATH, http://HOST/PATH, ssh://USER@HOST/PATH or USER@HOST:PATH"
	if text == "" {
		return place{}, errors.New("spec.git.url: it is empty; set it to " + kinds)
	}
	// What cannot be parsed is not shown either: it may hold a password.
	if !strings.Contains(text, "://") {
		user, rest, found := strings.Cut(text, "@")
		if !found {
			user, rest = "", text
		}
		host, file, found := strings.Cut(rest, ":")
		// `[::1]:path` is how git writes an IPv6 address here.
		if strings.HasPrefix(rest, "[") {
			host, file, found = strings.Cut(rest[1:], "]:")
		}
		if !found || host == "" || file == "" || strings.ContainsAny(user+host, "/ :") != strings.Contains(host, ":") {
			return place{}, errors.New("spec.git.url: it is not " + kinds)
		}
		return place{scheme: "ssh", user: user, host: host, path: file, name: host + ":" + file}, nil
	}
	u, err := url.Parse(text)
	if err != nil {
		return place{}, errors.New("spec.git.url: it cannot be parsed; write it as " + kinds)
	}
	p := place{scheme: strings.ToLower(u.Scheme), host: u.Hostname(), path: u.Path}
	switch p.scheme {
	case "https", "http", "ssh":
	default:
		return place{}, fmt.Errorf("spec.git.url: scheme %q is not served; use %s", u.Scheme, kinds)
	}
	if port := u.Port(); port != "" {
		if p.port, err = strconv.Atoi(port); err != nil || p.port < 1 || p.port > 65535 {
			return place{}, fmt.Errorf("spec.git.url: port %q is not between 1 and 65535", port)
		}
	}
	if p.host == "" || strings.Trim(p.path, "/") == "" {
		return place{}, errors.New("spec.git.url: the host or the path is missing; write it as " + kinds)
	}
	if u.RawQuery != "" || u.Fragment != "" {
		return place{}, errors.New("spec.git.url: it has a query or a fragment; a branch goes into spec.git.branch, a login into the Secret")
	}
	if u.User != nil {
		if _, found := u.User.Password(); found {
			return place{}, errors.New("spec.git.url: it holds a password, which everybody who reads the AddonSource would see; put it into the Secret that spec.git.secret names (username, password or token)")
		}
		p.user = u.User.Username()
	}
	u.User = nil
	p.name = u.String()
	return p, nil
}

func parseProxy(text string) (*url.URL, error) {
	if text == "" {
		return nil, nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" {
		return nil, errors.New("spec.git.proxy: it is not a URL such as http://proxy:3128 or socks5://proxy:1080")
	}
	switch u.Scheme {
	case "http", "https", "socks5", "socks5h":
		return u, nil
	}
	return nil, fmt.Errorf("spec.git.proxy: scheme %q is not served; use http, https or socks5", u.Scheme)
}

// logins are the secret parts of a URL.
func logins(text string) []string {
	u, err := url.Parse(text)
	if err != nil || u.User == nil {
		return nil
	}
	if password, found := u.User.Password(); found {
		return []string{password}
	}
	// `git` and `me` are no secrets; what is long enough may be a token that stands for a login.
	if name := u.User.Username(); len(name) >= 16 {
		return []string{name}
	}
	return nil
}

// userinfo is a login in any URL of any message.
var userinfo = regexp.MustCompile(`(\w://)[^/\s"@]*@`)
