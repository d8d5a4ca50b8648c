package git

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/net/proxy"
)

// dialer makes the connections for SSH: straight, or through a proxy.
func dialer(through *url.URL) func(ctx context.Context, network, address string) (net.Conn, error) {
	straight := &net.Dialer{Timeout: 30 * time.Second, KeepAlive: 15 * time.Second}
	if through == nil {
		return straight.DialContext
	}
	if through.Scheme == "http" || through.Scheme == "https" {
		return func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := connect(ctx, straight, through, network, address)
			if err != nil {
				return nil, fmt.Errorf("dial %s through proxy %s: %w", address, through.Host, err)
			}
			return conn, nil
		}
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		var auth *proxy.Auth
		if through.User != nil {
			password, _ := through.User.Password()
			auth = &proxy.Auth{User: through.User.Username(), Password: password}
		}
		host := through.Host
		if through.Port() == "" {
			host = net.JoinHostPort(through.Hostname(), "1080")
		}
		socks, err := proxy.SOCKS5(network, host, auth, straight)
		if err != nil {
			return nil, err
		}
		with, ok := socks.(proxy.ContextDialer)
		if !ok {
			return nil, errors.New("the SOCKS5 dialer knows no deadlines")
		}
		return with.DialContext(ctx, network, address)
	}
}

// connect asks an HTTP proxy for a tunnel.
func connect(ctx context.Context, straight *net.Dialer, through *url.URL, network, address string) (net.Conn, error) {
	port := through.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[through.Scheme]
	}
	conn, err := straight.DialContext(ctx, network, net.JoinHostPort(through.Hostname(), port))
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	if through.Scheme == "https" {
		conn = tls.Client(conn, &tls.Config{ServerName: through.Hostname(), MinVersion: tls.VersionTLS12})
	}
	request := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: address}, Host: address, Header: http.Header{}}
	if through.User != nil {
		password, _ := through.User.Password()
		login := &http.Request{Header: http.Header{}}
		login.SetBasicAuth(through.User.Username(), password)
		request.Header.Set("Proxy-Authorization", login.Header.Get("Authorization"))
	}
	err = request.Write(conn)
	reader := bufio.NewReader(conn)
	var answer *http.Response
	if err == nil {
		answer, err = http.ReadResponse(reader, request)
	}
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("the proxy answers %s", answer.Status)
	}
	if err != nil {
		_ = conn.Close() // It is of no use, and its end says nothing new.
		return nil, ended(ctx, err)
	}
	// The server may have said hello already.
	return &buffered{Conn: conn, reader: reader}, nil
}

type buffered struct {
	net.Conn
	reader *bufio.Reader
}

func (b *buffered) Read(p []byte) (int, error) { return b.reader.Read(p) }
