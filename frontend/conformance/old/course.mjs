// A service as React apps on socket.io-client have it: one socket for the app,
// the library's own reconnection, plain socket.on. It knows nothing of cursors,
// subscribes once, and never fetches anything.
import { io } from "socket.io-client";

class SocketService {
  socket = null;

  connect(url, token) {
    if (this.socket?.connected) return this.socket;
    this.socket = io(url, {
      auth: { token },
      transports: ["websocket", "polling"],
      reconnection: true,
      reconnectionAttempts: 10,
      reconnectionDelay: 200,
      reconnectionDelayMax: 1000,
      timeout: 20000,
    });
    return this.socket;
  }

  disconnect() {
    this.socket?.disconnect();
    this.socket = null;
  }

  subscribeToVideo(videoId) {
    this.socket?.emit("video:subscribe", videoId);
  }

  unsubscribeFromVideo(videoId) {
    this.socket?.emit("video:unsubscribe", videoId);
  }

  onVideoProgress(callback) {
    this.socket?.on("video:progress", callback);
    return () => this.socket?.off("video:progress", callback);
  }

  onVideoProcessed(callback) {
    this.socket?.on("video:processed", callback);
    return () => this.socket?.off("video:processed", callback);
  }

  onVideoFailed(callback) {
    this.socket?.on("video:failed", callback);
    return () => this.socket?.off("video:failed", callback);
  }
}

export const makeService = () => new SocketService();
