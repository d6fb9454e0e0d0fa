import { useForm, type FormErrors } from "@mantine/form";
import { ReelroomError } from "@reelroom/react";
import { useMutation } from "@tanstack/react-query";
import i18next from "i18next";
import { said } from "../../lib/said";
import { leastPassword } from "./calls";

type Values = Record<string, string>;

interface Options<V extends Values, A> {
  values: V;
  check: { [F in keyof V]?: (value: string, values: V) => string | null };
  send: (values: V) => Promise<A>;
  done: (answer: A, values: V) => void;
  /** The field that a refusal of this code is about. */
  fields?: Record<string, keyof V & string>;
}

/**
 * A form whose fields the browser keeps, as password managers like it. What is
 * wrong stands at its field, and the first such field is given the focus.
 */
export function useEntry<V extends Values, A>({ values, check, send, done, fields = {} }: Options<V, A>) {
  const form = useForm<Values>({ mode: "uncontrolled", initialValues: values, validate: check as never });
  const focus = (errors: FormErrors) => {
    const first = Object.keys(values).find((name) => errors[name]);
    if (first) form.getInputNode(first)?.focus();
  };
  const sending = useMutation({
    mutationFn: (entered: V) => send(entered),
    onSuccess: done,
    onError: (error) => {
      const field = error instanceof ReelroomError ? fields[error.code] : undefined;
      if (!field) return;
      form.setFieldError(field, said(error));
      form.getInputNode(field)?.focus();
    },
  });
  const failed = sending.error;
  return {
    field: (name: keyof V & string) => ({ ...form.getInputProps(name), key: form.key(name), name }),
    // A password manager may have filled in fields without a word: what stands in them counts.
    submit: form.onSubmit((entered) => sending.mutate(entered as V), focus),
    busy: sending.isPending,
    /** What is wrong with none of the fields. */
    problem: failed && !(failed instanceof ReelroomError && fields[failed.code]) ? said(failed) : "",
    reset: () => form.reset(),
  };
}

const t = i18next.t;

export const checks = {
  wanted: (value: string) => (value.trim() ? null : t("account:wrong.empty")),
  email: (value: string) => (/^[^\s@]+@[^\s@]+$/.test(value.trim()) ? null : t("account:wrong.email")),
  password: (value: string) => (value ? null : t("account:wrong.empty")),
  newPassword: (value: string) => ([...value].length >= leastPassword ? null : t("account:wrong.short", { count: leastPassword })),
};
