import { io } from "socket.io-client";

export const url = import.meta.env.VITE_SERVER ?? "http://localhost:5000";
export const token = localStorage.getItem("token") ?? "";
export const socket = io(url, { auth: { token } });
